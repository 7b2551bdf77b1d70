"""The CustomResourceDefinitions, made from the models of the resources."""
