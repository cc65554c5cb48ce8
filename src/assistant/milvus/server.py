"""Requests to Milvus, and which build is current there."""

from __future__ import annotations

import base64
import json
import logging
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from assistant.errors import AssistantError, IndexCorruptedError, SettingsError, StoreError
from assistant.milvus.connection import MilvusSettings, target
from assistant.milvus.tables import BATCH, FLAT_ROWS, HNSW, IDENTIFIERS, TABLES, Entity

if TYPE_CHECKING:
    from pymilvus import MilvusClient

Result = TypeVar("Result")

FILES = "fichiers"
"""The collection of a build's small files; the alias of the current build leads to it."""
CURRENT = "courant"
CHUNK = 45_000
"""Bytes of a file in one row: base64 makes 60,000 of them, and a VARCHAR holds 65,535."""
TIMEOUT_S = 30.0
LONG_S = 600.0
"""Loading and indexing wait for the server's own work."""
_FIELDS = ["row", "key", "owner", "marked", "data", "vector"]


class Milvus:
    """A connection, made anew when the server has moved. Threads may share it."""

    def __init__(self, settings: MilvusSettings) -> None:
        """Connect; use :func:`connect`."""
        self.settings = settings
        self._lock = threading.Lock()
        self._client: MilvusClient | None = None

    # --- connection ------------------------------------------------------------------------------

    def _open(self) -> MilvusClient:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> MilvusClient:
        where = target(self.settings)
        try:
            from pymilvus import MilvusClient
        except ImportError as error:
            raise SettingsError(_NOT_INSTALLED) from error
        for name in ("pymilvus", "milvus_lite"):
            # They log each error with its traceback; here it becomes one French sentence.
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        tls = {"secure": True, "server_name": where.name} if where.secure else {}
        if where.secure and self.settings.ca_file is not None:
            tls["server_pem_path"] = self.settings.ca_file
        return MilvusClient(
            uri=where.uri,
            token=self.settings.token,
            db_name=self.settings.database,
            timeout=TIMEOUT_S,
            # gRPC would follow a proxy of the environment: the address judged is the one called.
            grpc_options={"grpc.enable_http_proxy": 0},
            **tls,
        )

    def _do(self, work: Callable[[MilvusClient], Result]) -> Result:
        """Return what *work* returns; a connection that was lost is made once more.

        Raises:
            StoreError: Milvus refuses, or does not answer.
        """
        try:
            client = self._open()
        except AssistantError:
            raise
        except Exception as error:
            raise StoreError(self._unreachable()) from error
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException

        try:
            return work(client)
        except (MilvusException, RpcError) as error:
            if not _is_lost(error):
                raise StoreError(self._refused(error)) from error
            self.close()
        try:
            return work(self._open())
        except (MilvusException, RpcError) as error:
            raise StoreError(self._unreachable()) from error

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _unreachable(self) -> str:
        if self.settings.is_file:
            return (
                f"Milvus Lite ne peut pas ouvrir « {self.settings.uri} » : le paquet « milvus-lite » manque, "
                "ou un autre processus tient le fichier (il n'en admet qu'un). "
                "Fermez l'autre, ou installez un serveur Milvus (docs/milvus.md)."
            )
        return (
            f"Milvus ne répond pas à « {self.settings.uri} » : vérifiez qu'il tourne, "
            "puis les réglages de la table [milvus]."
        )

    def _refused(self, error: Exception) -> str:
        said = " ".join(str(getattr(error, "message", error)).split())[:200]
        return (
            f"Milvus, à « {self.settings.uri} », a refusé une demande ({said}) : "
            "vérifiez la table [milvus], puis relancez « assistant index »."
        )

    # --- builds ----------------------------------------------------------------------------------

    def collection(self, build: str, table: str) -> str:
        """Return the name of a collection: letters, digits and underscores."""
        return f"{self.settings.prefix}_{build.replace('-', '_')}_{table}"

    def builds(self) -> list[str]:
        """Return the builds that are whole, oldest first."""
        return sorted(b for b in (self._build(n) for n in self._collections()) if b is not None)

    def _collections(self) -> list[str]:
        return list(self._do(lambda c: c.list_collections()))

    def _build(self, collection: str, table: str = FILES) -> str | None:
        head, tail = f"{self.settings.prefix}_", f"_{table}"
        if not collection.startswith(head) or not collection.endswith(tail):
            return None
        stamp, _, salt = collection[len(head) : -len(tail)].rpartition("_")
        return f"{stamp}-{salt}" if stamp.replace("T", "").isdigit() else None

    def current(self) -> str | None:
        """Return the build in service, or None where there is none yet."""
        alias = self._alias()
        if not self._do(lambda c: _has_alias(c, alias)):
            return None
        found = self._do(lambda c: c.describe_alias(alias))
        return self._build(str(found["collection_name"]))

    def make_current(self, build: str) -> None:
        """Put a build in service, in one atomic change of an alias."""
        alias, name = self._alias(), self.collection(build, FILES)

        def change(client: MilvusClient) -> None:
            if _has_alias(client, alias):
                client.alter_alias(collection_name=name, alias=alias)
            else:
                client.create_alias(collection_name=name, alias=alias)

        self._do(change)

    def _alias(self) -> str:
        return f"{self.settings.prefix}_{CURRENT}"

    def prune(self, keep: Iterable[str], before: str) -> None:
        """Drop the collections of builds older than *before* that are not in *keep*."""
        kept = set(keep)
        for name in self._collections():
            build = next((b for t in (*TABLES, FILES) if (b := self._build(name, t))), None)
            if build is not None and build < before and build not in kept:
                self.drop(name)

    def forget(self, build: str) -> None:
        """Drop what there is of a build."""
        for table in (FILES, *TABLES):
            self.drop(self.collection(build, table))

    def drop(self, name: str) -> None:
        """Drop a collection, if it exists."""
        self._do(lambda c: c.drop_collection(name))

    # --- writing ---------------------------------------------------------------------------------

    def create(self, name: str, *, dimension: int, rows: int) -> None:
        """Create the collection of a table that will have *rows* rows."""
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", DataType.INT64, is_primary=True)
        schema.add_field("key", DataType.VARCHAR, max_length=32)
        schema.add_field("owner", DataType.VARCHAR, max_length=1024)
        schema.add_field("marked", DataType.BOOL)
        schema.add_field("data", DataType.JSON)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        indexes = MilvusClient.prepare_index_params()
        if rows > FLAT_ROWS:
            indexes.add_index("vector", index_type="HNSW", metric_type="IP", params=HNSW)
        else:
            indexes.add_index("vector", index_type="FLAT", metric_type="IP")
        indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        indexes.add_index("key", index_type="INVERTED")
        indexes.add_index("owner", index_type="INVERTED")
        self._make(name, schema, indexes)

    def _make(self, name: str, schema: Any, indexes: Any) -> None:
        """Create an empty collection; its indexes are built by the server as rows come."""
        self._do(lambda c: c.create_collection(name, schema=schema, consistency_level="Bounded"))
        # Waiting for each would take half a second a field; loading waits for what it needs.
        self._do(lambda c: c.create_index(name, indexes, sync=False))

    def insert(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Insert rows, in requests of some megabytes."""
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            self._do(lambda c, part=part: c.insert(name, part))  # type: ignore[misc]

    def seal(self, name: str, rows: int) -> None:
        """Have everything written, indexed and loaded; check that nothing is missing.

        Raises:
            IndexCorruptedError: Milvus does not hold *rows* rows.
        """
        self._do(lambda c: c.flush(name, timeout=LONG_S))
        self._do(lambda c: c.load_collection(name, timeout=LONG_S))
        found = self.count(name)
        if found != rows:
            message = (
                f"Milvus a gardé {found} lignes sur {rows} de « {name} » : "
                "vérifiez sa place disponible, puis relancez « assistant index --full »."
            )
            raise IndexCorruptedError(message)

    def put_files(self, build: str, files: dict[str, bytes]) -> None:
        """Write the small files of a build; once they are there, the build is whole."""
        from pymilvus import DataType, MilvusClient

        name = self.collection(build, FILES)
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", DataType.INT64, is_primary=True)
        schema.add_field("name", DataType.VARCHAR, max_length=256)
        schema.add_field("piece", DataType.VARCHAR, max_length=65_535)
        # Milvus has no collection without a vector.
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        indexes = MilvusClient.prepare_index_params()
        indexes.add_index("vector", index_type="FLAT", metric_type="IP")
        rows = [
            {"name": n, "piece": base64.b64encode(packed[at : at + CHUNK]).decode(), "vector": [1.0, 0.0]}
            for n, content in files.items()
            for packed in (zlib.compress(content),)
            for at in range(0, len(packed), CHUNK)
        ]
        numbered = [{"row": number, **row} for number, row in enumerate(rows)]
        self._make(name, schema, indexes)
        for start in range(0, len(numbered), 50):
            part = numbered[start : start + 50]
            self._do(lambda c, part=part: c.insert(name, part))  # type: ignore[misc]
        self.seal(name, len(numbered))

    def files(self, build: str) -> dict[str, bytes]:
        """Return the small files of a build.

        Raises:
            IndexCorruptedError: One cannot be read.
        """
        name = self.collection(build, FILES)
        pieces: dict[str, list[tuple[int, str]]] = {}
        for record in self._scan(name, "row >= 0", ["row", "name", "piece"]):
            pieces.setdefault(record["name"], []).append((record["row"], record["piece"]))
        try:
            return {
                n: zlib.decompress(b"".join(base64.b64decode(p) for _, p in sorted(found)))
                for n, found in pieces.items()
            }
        except (ValueError, zlib.error) as error:
            message = (
                f"L'index « {build} » de Milvus est incomplet : refaites-le par « assistant index --full »."
            )
            raise IndexCorruptedError(message) from error

    # --- reading ---------------------------------------------------------------------------------

    def count(self, name: str) -> int:
        """Return the number of rows of a collection."""
        found = self._do(
            lambda c: c.query(name, filter="", output_fields=["count(*)"], consistency_level="Strong")
        )
        return int(found[0]["count(*)"])

    def dimension(self, name: str) -> int:
        """Return the number of coordinates of a collection's vectors."""
        described = self._do(lambda c: c.describe_collection(name))
        return int(next(f["params"]["dim"] for f in described["fields"] if f["name"] == "vector"))

    def search(
        self, name: str, field: str, wanted: Any, limit: int, parameters: dict[str, Any]
    ) -> list[tuple[Entity, float]]:
        """Return rows with the inner product of their *field* with *wanted*."""
        found = self._do(
            lambda c: c.search(
                name,
                data=[wanted],
                anns_field=field,
                limit=limit,
                output_fields=_FIELDS,
                search_params={"metric_type": "IP", "params": parameters},
                timeout=TIMEOUT_S,
            )
        )
        return [(_entity(hit["entity"]), float(hit["distance"])) for hit in found[0]]

    def get(self, name: str, rows: Sequence[int]) -> list[Entity]:
        """Return rows by their numbers, in any order."""
        found = self._do(lambda c: c.get(name, ids=list(rows), output_fields=_FIELDS, timeout=TIMEOUT_S))
        return [_entity(record) for record in found]

    def scan(self, name: str, expression: str) -> Iterator[Entity]:
        """Yield every row for which *expression* holds, however many."""
        return (_entity(record) for record in self._scan(name, expression, _FIELDS))

    def _scan(self, name: str, expression: str, fields: list[str]) -> Iterator[dict[str, Any]]:
        """Yield records page after page: one query returns 16,384 at most."""
        pages = self._do(
            lambda c: c.query_iterator(
                name, batch_size=IDENTIFIERS, filter=expression, output_fields=fields, timeout=TIMEOUT_S
            )
        )
        try:
            while found := self._do(lambda _: pages.next()):
                yield from found
        finally:
            pages.close()


def _has_alias(client: MilvusClient, alias: str) -> bool:
    """Tell whether *alias* exists: describing one that does not is an error like any other."""
    return alias in client.list_aliases("")["aliases"]


def _entity(record: Any) -> Entity:
    data = record["data"]
    return Entity(
        row=int(record["row"]),
        key=record["key"],
        owner=record["owner"],
        marked=bool(record["marked"]),
        data=json.loads(data) if isinstance(data, str | bytes) else data,
        vector=np.asarray(record["vector"], dtype=np.float32),
    )


def _is_lost(error: Exception) -> bool:
    from grpc import RpcError, StatusCode

    if isinstance(error, RpcError):
        code = getattr(error, "code", None)
        return code is not None and code() in {StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED}
    return "UNAVAILABLE" in str(error) or "closed" in str(error).lower()


_NOT_INSTALLED = (
    'Le réglage store = "milvus" demande le paquet « pymilvus », qui n\'est pas installé : '
    "lancez « pip install 'assistant-du-dossier[milvus]' », ou retirez le réglage."
)


@lru_cache(maxsize=8)
def connect(settings: MilvusSettings) -> Milvus:
    """Return the connection of this process to a Milvus; it connects when it is first used."""
    return Milvus(settings)
