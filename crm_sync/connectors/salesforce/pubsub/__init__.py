"""Salesforce's Pub/Sub API as gRPC speaks it. All but the .proto file is generated, in the repository's folder:

uvx --from grpcio-tools==1.85.1 python -m grpc_tools.protoc --proto_path=. --python_out=. --pyi_out=. \
    --grpc_python_out=. crm_sync/connectors/salesforce/pubsub/pubsub_api.proto
"""
