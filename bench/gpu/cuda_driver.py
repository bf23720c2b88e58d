# SPDX-License-Identifier: Apache-2.0
"""The CUDA driver by ctypes, for programs that need nothing else of CUDA."""
import ctypes


class Driver:
    """The driver's functions, with the primary context of a GPU current."""

    def __init__(self, ordinal=0):
        self.library = ctypes.CDLL("libcuda.so.1")
        self.call("cuInit", 0)
        self.device, context = ctypes.c_int(), ctypes.c_void_p()
        self.call("cuDeviceGet", ctypes.byref(self.device), ordinal)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), self.device)
        self.call("cuCtxPushCurrent_v2", context)

    def call(self, name, *arguments):
        """Raises RuntimeError where the function `name` fails."""
        if status := getattr(self.library, name)(*arguments):
            raise RuntimeError(f"{name} fails with {status}")

    def allocate(self, count):
        """The address of `count` bytes of the GPU's memory."""
        address = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(max(count, 1)))
        return address.value

    def create_stream(self):
        """The handle of a new stream that waits for no other."""
        handle = ctypes.c_void_p()
        self.call("cuStreamCreate", ctypes.byref(handle), 1)
        return handle.value
