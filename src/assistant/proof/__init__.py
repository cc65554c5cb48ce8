"""Proof that nothing leaves the machine: the whole life of the assistant, watched.

``assistant check --reseau`` and the tests run the same code: a scenario (index, serve, ask by API
and through the page's queue, rebuild, stop) in a network without a way out where the system offers
one, else under a guard that refuses; each attempt to leave is written down as it is made.
"""

from assistant.proof.attempts import Attempt
from assistant.proof.methods import Method, choose_method
from assistant.proof.proving import Proof, prove
from assistant.proof.report import write_attestation

__all__ = ["Attempt", "Method", "Proof", "choose_method", "prove", "write_attestation"]
