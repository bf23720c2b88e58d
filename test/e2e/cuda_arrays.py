# SPDX-License-Identifier: Apache-2.0
"""Arrays in the memory of a GPU, made with the CUDA driver alone, which other libraries take by DLPack. For programs that tests start with a
driver to be found, which hand over a `cuda_driver.Driver` (bench/gpu)."""
import ctypes

import numpy as np

CUDA = 2
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}


class _Device(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int32), ("id", ctypes.c_int32)]


class _Type(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device", _Device), ("ndim", ctypes.c_int32), ("dtype", _Type), ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64),
    ]  # fmt: skip


class _Managed(ctypes.Structure):
    pass


_Managed._fields_ = [("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Managed)))]


def read(driver, address, shape, dtype):
    """What is at `address` of the GPU's memory."""
    array = np.empty(shape, dtype)
    if array.nbytes:
        driver.call("cuMemcpyDtoH_v2", array.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(address), ctypes.c_size_t(array.nbytes))
    return array


class DeviceArray:
    """`array` on the GPU, `offset` bytes into an allocation. `device` is what DLPack says of it."""

    _keep = []  # what capsules point to

    def __init__(self, driver, array, offset=0, device=(CUDA, 0), strides=None):
        array = np.asarray(array, order="C")
        self.driver, self.shape, self.dtype, self.device, self.strides = driver, array.shape, array.dtype, device, strides
        self.base = driver.allocate(array.nbytes + offset)
        self.address = self.base + offset
        if array.nbytes:
            driver.call("cuMemcpyHtoD_v2", ctypes.c_uint64(self.address), array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(array.nbytes))

    def numpy(self):
        return read(self.driver, self.address, self.shape, self.dtype)

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, **options):
        rank = len(self.shape)
        managed = _Managed()
        shape = (ctypes.c_int64 * max(rank, 1))(*self.shape)
        strides = (ctypes.c_int64 * rank)(*self.strides) if self.strides else None
        bits = self.dtype.itemsize * 8
        managed.tensor = _Tensor(self.address, _Device(*self.device), rank, _Type(_CODES[self.dtype.kind], bits, 1), shape, strides, 0)
        managed.deleter = type(managed.deleter)()
        DeviceArray._keep.append((managed, shape, strides, self))
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(managed), b"dltensor", None)


def fetch(driver, value):
    """What an object that says by DLPack that it is on the GPU holds there."""
    assert value.__dlpack_device__()[0] == CUDA, value.__dlpack_device__()
    capsule = value.__dlpack__()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    tensor = _Managed.from_address(pointer(capsule, b"dltensor")).tensor
    kind = {code: kind for kind, code in _CODES.items()}[tensor.dtype.code]
    return read(driver, (tensor.data or 0) + tensor.byte_offset, tuple(tensor.shape[: tensor.ndim]), np.dtype(f"{kind}{tensor.dtype.bits // 8}"))
