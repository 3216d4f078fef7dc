"""Who earns the credit: attribution models in scikit-learn manners. No Spark, files or clock."""
