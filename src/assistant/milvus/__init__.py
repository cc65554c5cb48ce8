"""Passages, vectors and lexical weights on a Milvus server; the only package that imports pymilvus."""

from assistant.milvus.connection import MilvusSettings
from assistant.milvus.server import Milvus, connect
from assistant.milvus.sparse import FieldStatistics, query_weights, row_weights
from assistant.milvus.tables import Entity, Table, Tables

__all__ = [
    "Entity",
    "FieldStatistics",
    "Milvus",
    "MilvusSettings",
    "Table",
    "Tables",
    "connect",
    "query_weights",
    "row_weights",
]
