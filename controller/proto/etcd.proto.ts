/**
 * The part of etcd's v3 API that a client of the topology needs: keys with compare-and-set, leases and
 * watches. A string in a module so that a bundle carries it; `load.ts` gives the services their real paths.
 */
export const ETCD_PROTO = `
syntax = "proto3";
package etcd;

message ResponseHeader { int64 revision = 3; }
message KeyValue {
  bytes key = 1;
  int64 mod_revision = 3;
  int64 version = 4;
  bytes value = 5;
  int64 lease = 6;
}

// range_end empty: one key; range_end = key + 1 in its last byte: everything with that prefix.
message RangeRequest {
  bytes key = 1;
  bytes range_end = 2;
  bool keys_only = 8;
}
message RangeResponse { ResponseHeader header = 1; repeated KeyValue kvs = 2; }
message PutRequest { bytes key = 1; bytes value = 2; int64 lease = 3; }
message PutResponse {}
message DeleteRangeRequest { bytes key = 1; bytes range_end = 2; }
message DeleteRangeResponse { int64 deleted = 2; }

enum CompareResult { EQUAL = 0; }
enum CompareTarget { VERSION = 0; MOD = 2; }
message Compare {
  CompareResult result = 1;
  CompareTarget target = 2;
  bytes key = 3;
  oneof target_union { int64 version = 4; int64 mod_revision = 6; }
}
message RequestOp {
  oneof request { PutRequest request_put = 2; DeleteRangeRequest request_delete_range = 3; }
}
message TxnRequest { repeated Compare compare = 1; repeated RequestOp success = 2; }
message TxnResponse { bool succeeded = 2; }

service KV {
  rpc Range (RangeRequest) returns (RangeResponse);
  rpc Put (PutRequest) returns (PutResponse);
  rpc DeleteRange (DeleteRangeRequest) returns (DeleteRangeResponse);
  rpc Txn (TxnRequest) returns (TxnResponse);
}

message LeaseGrantRequest { int64 TTL = 1; int64 ID = 2; }
message LeaseGrantResponse { int64 ID = 2; }
message LeaseRevokeRequest { int64 ID = 1; }
message LeaseRevokeResponse {}
message LeaseKeepAliveRequest { int64 ID = 1; }
message LeaseKeepAliveResponse {}
service Lease {
  rpc LeaseGrant (LeaseGrantRequest) returns (LeaseGrantResponse);
  rpc LeaseRevoke (LeaseRevokeRequest) returns (LeaseRevokeResponse);
  rpc LeaseKeepAlive (stream LeaseKeepAliveRequest) returns (stream LeaseKeepAliveResponse);
}

enum EventType { PUT = 0; DELETE = 1; }
message Event { EventType type = 1; KeyValue kv = 2; }
message WatchCreateRequest { bytes key = 1; bytes range_end = 2; int64 start_revision = 3; }
message WatchProgressRequest {}
message WatchRequest {
  oneof request_union { WatchCreateRequest create_request = 1; WatchProgressRequest progress_request = 3; }
}
message WatchResponse {
  bool canceled = 4;
  int64 compact_revision = 5;
  string cancel_reason = 6;
  repeated Event events = 11;
}
service Watch {
  rpc Watch (stream WatchRequest) returns (stream WatchResponse);
}
`;
