"""Carries the recurrent layers of a saved model from one framework's file to another's, and proves it.

contents.py      what a file holds; limits
containers.py    safetensors, npz, msgpack
hdf5.py          HDF5
naming.py        where each framework's weights stand in them
named.py         a network of arrays by name
keras_layers.py  the layers of a Keras model, and of the models in it
keras_config.py  the configuration of a Keras model
keras_file.py    Keras's files
onnx_file.py     ONNX models
onnx_external.py their tensors that stand in another file
forms.py         all these by name: `torch:weights.safetensors`
fitting.py       what a file can hold, and how biases become one or two
running.py       a file, run by its own framework
proof.py         both sides on fresh inputs, within the bound
porting.py       from one file to the other

Nothing here imports a framework but `running`, and that only if it is asked.
"""
