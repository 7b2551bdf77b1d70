"""The CustomResourceDefinitions and the schema of the chart's values, made from the models."""
