"""How much energy a request took, by one of four methods (docs/measurement.md).

- ``measured`` (``attribution``): energy counters of the servers, shared among their requests;
- ``calibrated``: the energy per token of the model at its backend;
- ``modelled``: EcoLogits, from the number of parameters;
- ``local``: processor time of our own machines.

Each returns an ``Energy`` (``figures``) with its method and version. Figures of different methods
have different boundaries: they are neither ranked nor added up.
"""
