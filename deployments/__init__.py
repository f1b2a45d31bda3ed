"""What is served: desired state, environments, and the node agent that makes it so."""
