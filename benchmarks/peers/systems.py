"""The retrieval of other libraries, as they set it up by default, over given passages.

Each takes the same passages and the same encoder as the assistant: what is compared is retrieval, neither
models nor text splitting. A system is a function from a question to passage numbers, best first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assistant.embedding import Encoder

Search = Callable[[str], list[int]]
LIMIT = 20


def llama_index(texts: Sequence[str], encoder: Encoder) -> Search:
    """``VectorStoreIndex`` in memory and its default retriever."""
    from llama_index.core import VectorStoreIndex
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.schema import TextNode

    class Embedding(BaseEmbedding):  # type: ignore[misc] # untyped for us
        def _get_query_embedding(self, query: str) -> list[float]:
            return encoder.encode_queries([query])[0].tolist()

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return encoder.encode_passages([text])[0].tolist()

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return encoder.encode_passages(texts).tolist()

    nodes = [TextNode(text=text, id_=str(n)) for n, text in enumerate(texts)]
    index = VectorStoreIndex(nodes, embed_model=Embedding(embed_batch_size=64))
    retriever = index.as_retriever(similarity_top_k=LIMIT)
    return lambda question: [int(found.node.node_id) for found in retriever.retrieve(question)]


def _haystack_store(texts: Sequence[str], vectors: Any = None) -> Any:
    from haystack import Document
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    store.write_documents(
        [
            Document(id=str(n), content=text, embedding=None if vectors is None else vectors[n].tolist())
            for n, text in enumerate(texts)
        ]
    )
    return store


def haystack_dense(texts: Sequence[str], encoder: Encoder) -> Search:
    """``InMemoryEmbeddingRetriever``."""
    from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever

    retriever = InMemoryEmbeddingRetriever(
        _haystack_store(texts, encoder.encode_passages(texts)), top_k=LIMIT
    )

    def search(question: str) -> list[int]:
        found = retriever.run(query_embedding=encoder.encode_queries([question])[0].tolist())
        return [int(d.id) for d in found["documents"]]

    return search


def haystack_bm25(texts: Sequence[str], _encoder: Encoder) -> Search:
    """``InMemoryBM25Retriever`` (BM25L, its tokeniser)."""
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever

    retriever = InMemoryBM25Retriever(_haystack_store(texts), top_k=LIMIT)
    return lambda question: [int(d.id) for d in retriever.run(query=question)["documents"]]


def haystack_hybrid(texts: Sequence[str], encoder: Encoder) -> Search:
    """Both of the above, joined by ``DocumentJoiner`` with reciprocal rank fusion."""
    from haystack import Document
    from haystack.components.joiners import DocumentJoiner

    searches = haystack_bm25(texts, encoder), haystack_dense(texts, encoder)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=LIMIT)

    def search(question: str) -> list[int]:
        lists = [[Document(id=str(n), content=texts[n]) for n in one(question)] for one in searches]
        return [int(d.id) for d in joiner.run(documents=lists)["documents"]]

    return search


def _txtai(texts: Sequence[str], encoder: Encoder, **settings: Any) -> Search:
    from txtai import Embeddings

    # txtai embeds passages and questions alike through one function; it tells which by "category".
    def transform(inputs: Sequence[str]) -> Any:
        return encoder.encode_passages(inputs) if len(inputs) > 1 else encoder.encode_queries(inputs)

    embeddings = Embeddings(method="external", transform=transform, content=False, **settings)
    embeddings.index([(n, text, None) for n, text in enumerate(texts)])
    return lambda question: [int(n) for n, _ in embeddings.search(question, LIMIT)]


def txtai_dense(texts: Sequence[str], encoder: Encoder) -> Search:
    """``Embeddings`` with its default vector index."""
    return _txtai(texts, encoder)


def txtai_hybrid(texts: Sequence[str], encoder: Encoder) -> Search:
    """``Embeddings(hybrid=True)``: vectors and BM25, scores averaged."""
    return _txtai(texts, encoder, hybrid=True)


PEERS: dict[str, Callable[[Sequence[str], Encoder], Search]] = {
    "LlamaIndex (VectorStoreIndex)": llama_index,
    "Haystack (vecteurs)": haystack_dense,
    "Haystack (BM25)": haystack_bm25,
    "Haystack (hybride, RRF)": haystack_hybrid,
    "txtai (vecteurs)": txtai_dense,
    "txtai (hybride)": txtai_hybrid,
}
