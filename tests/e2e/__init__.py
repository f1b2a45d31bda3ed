"""The whole loop with real processes: portal, MLflow, environments, model servers, kills."""
