"""Saves scikit-learn's estimator for `mlflow models serve`."""

import sys

import mlflow.sklearn

from serving.scikit_pipeline import train

if __name__ == "__main__":
    mlflow.sklearn.save_model(
        train(), sys.argv[1], pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle"
    )
