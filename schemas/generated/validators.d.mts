// Made by hack/generate.ts from schemas/kinds. Do not edit.
export interface ValidationError {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}
export interface Validator {
  (data: unknown): boolean;
  errors?: ValidationError[] | null;
}
export declare const MultigresCluster: Validator;
export declare const CoreTemplate: Validator;
export declare const CellTemplate: Validator;
export declare const ShardTemplate: Validator;
export declare const Cell: Validator;
export declare const TableGroup: Validator;
export declare const Shard: Validator;
export declare const TopoServer: Validator;
