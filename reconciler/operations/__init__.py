"""The use cases: what the command line and the Python API let a user do.

An operation takes values and returns values, or raises an error of `model.errors`. It prints
nothing, asks nothing and reads neither the environment nor a terminal. If it needs a decision in
the middle, such as an approval while the state is locked, the caller passes a function.
"""
