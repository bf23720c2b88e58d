# SPDX-License-Identifier: Apache-2.0
"""Arrays in the memory of a GPU, made with the CUDA driver alone, which other libraries take by DLPack. For programs that tests start with a
driver to be found."""
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


class Driver:
    """The driver, with the first GPU's primary context current."""

    def __init__(self, ordinal=0):
        self.library = ctypes.CDLL("libcuda.so.1")
        self.call("cuInit", 0)
        device, context = ctypes.c_int(), ctypes.c_void_p()
        self.call("cuDeviceGet", ctypes.byref(device), ordinal)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self.call("cuCtxPushCurrent_v2", context)

    def call(self, name, *arguments):
        status = getattr(self.library, name)(*arguments)
        if status:
            raise RuntimeError(f"{name} fails with {status}")

    def stream(self):
        """The handle of a new stream that waits for no other."""
        handle = ctypes.c_void_p()
        self.call("cuStreamCreate", ctypes.byref(handle), 1)
        return handle.value

    def allocate(self, count):
        address = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(max(count, 1)))
        return address.value

    def read(self, address, shape, dtype):
        array = np.empty(shape, dtype)
        if array.nbytes:
            self.call("cuMemcpyDtoH_v2", array.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(address), ctypes.c_size_t(array.nbytes))
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
        return self.driver.read(self.address, self.shape, self.dtype)

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
    return driver.read((tensor.data or 0) + tensor.byte_offset, tuple(tensor.shape[: tensor.ndim]), np.dtype(f"{kind}{tensor.dtype.bits // 8}"))
