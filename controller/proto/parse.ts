/**
 * Reads the subset of the proto3 language that our two contracts use (messages, enums, oneof, map,
 * repeated, services with streams) into the JSON form that `@grpc/proto-loader` loads. Nested messages,
 * imports and options are not understood and are an error.
 */

export interface FieldSchema {
  type: string;
  id: number;
  rule?: 'repeated';
  keyType?: string;
}
export interface MessageSchema {
  fields: Record<string, FieldSchema>;
  oneofs?: Record<string, { oneof: string[] }>;
}
export interface EnumSchema {
  values: Record<string, number>;
}
export interface MethodSchema {
  requestType: string;
  responseType: string;
  requestStream?: true;
  responseStream?: true;
}
export interface ServiceSchema {
  methods: Record<string, MethodSchema>;
}
export interface ProtoSchema {
  package: string;
  messages: Record<string, MessageSchema>;
  enums: Record<string, EnumSchema>;
  services: Record<string, ServiceSchema>;
}

class Tokens {
  private readonly list: string[];
  private at = 0;

  constructor(text: string) {
    const bare = text.replace(/\/\/[^\n]*/g, '');
    this.list = bare.match(/"[^"]*"|[A-Za-z_][\w.]*|\d+|[{}()<>=;,]/g) ?? [];
  }

  peek(): string | undefined {
    return this.list[this.at];
  }

  next(): string {
    const token = this.list[this.at++];
    if (token === undefined) throw new Error('proto text ends in the middle of a declaration');
    return token;
  }

  expect(token: string): void {
    const got = this.next();
    if (got !== token) throw new Error(`proto text has "${got}" where "${token}" is needed`);
  }

  /** Consumes `token` if it is next. */
  take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.at++;
    return true;
  }
}

const fieldNumber = (tokens: Tokens): number => {
  tokens.expect('=');
  const id = Number(tokens.next());
  tokens.expect(';');
  return id;
};

const readField = (tokens: Tokens): [string, FieldSchema] => {
  if (tokens.take('map')) {
    tokens.expect('<');
    const keyType = tokens.next();
    tokens.expect(',');
    const type = tokens.next();
    tokens.expect('>');
    const name = tokens.next();
    return [name, { keyType, type, id: fieldNumber(tokens) }];
  }
  const repeated = tokens.take('repeated');
  const type = tokens.next();
  const name = tokens.next();
  const field: FieldSchema = { type, id: fieldNumber(tokens) };
  if (repeated) field.rule = 'repeated';
  return [name, field];
};

const readMessage = (tokens: Tokens): MessageSchema => {
  const message: MessageSchema = { fields: {} };
  tokens.expect('{');
  while (!tokens.take('}')) {
    if (!tokens.take('oneof')) {
      const [name, field] = readField(tokens);
      message.fields[name] = field;
      continue;
    }
    const group = tokens.next();
    const members: string[] = [];
    tokens.expect('{');
    while (!tokens.take('}')) {
      const [name, field] = readField(tokens);
      message.fields[name] = field;
      members.push(name);
    }
    message.oneofs = { ...message.oneofs, [group]: { oneof: members } };
  }
  return message;
};

const readEnum = (tokens: Tokens): EnumSchema => {
  const values: Record<string, number> = {};
  tokens.expect('{');
  while (!tokens.take('}')) {
    const name = tokens.next();
    values[name] = fieldNumber(tokens);
  }
  return { values };
};

const readService = (tokens: Tokens): ServiceSchema => {
  const methods: Record<string, MethodSchema> = {};
  tokens.expect('{');
  while (!tokens.take('}')) {
    tokens.expect('rpc');
    const name = tokens.next();
    tokens.expect('(');
    const requestStream = tokens.take('stream');
    const requestType = tokens.next();
    tokens.expect(')');
    tokens.expect('returns');
    tokens.expect('(');
    const responseStream = tokens.take('stream');
    const responseType = tokens.next();
    tokens.expect(')');
    tokens.expect(';');
    methods[name] = {
      requestType,
      responseType,
      ...(requestStream ? { requestStream } : {}),
      ...(responseStream ? { responseStream } : {}),
    };
  }
  return { methods };
};

/** @throws Error naming the token at which the text leaves the subset. */
export const parseProto = (text: string): ProtoSchema => {
  const tokens = new Tokens(text);
  const schema: ProtoSchema = { package: '', messages: {}, enums: {}, services: {} };
  while (tokens.peek() !== undefined) {
    const keyword = tokens.next();
    if (keyword === 'syntax') {
      tokens.expect('=');
      tokens.expect('"proto3"');
      tokens.expect(';');
    } else if (keyword === 'package') {
      schema.package = tokens.next();
      tokens.expect(';');
    } else if (keyword === 'message') {
      schema.messages[tokens.next()] = readMessage(tokens);
    } else if (keyword === 'enum') {
      schema.enums[tokens.next()] = readEnum(tokens);
    } else if (keyword === 'service') {
      schema.services[tokens.next()] = readService(tokens);
    } else {
      throw new Error(`proto text has "${keyword}" where a declaration is needed`);
    }
  }
  return schema;
};
