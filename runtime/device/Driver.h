// SPDX-License-Identifier: Apache-2.0
/// \file
/// The CUDA driver as a table of functions. The library libcuda.so.1, a part of the driver, is opened when the first
/// context of a model is created, so a model that is compiled for CUDA can be opened and described on any machine.
///
/// Types and names are those of the driver's ABI, declared here so that no header of CUDA is needed.
#ifndef DLC_DEVICE_DRIVER_H
#define DLC_DEVICE_DRIVER_H

#include "../core/Base.h"

typedef dlc_int32 CUresult;
typedef dlc_int32 CUdevice;
typedef dlc_uint64 CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;

enum {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_DEINITIALIZED = 4,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222,
  CU_STREAM_DEFAULT = 0,
  CU_ATTRIBUTE_CAPABILITY_MAJOR = 75,
  CU_ATTRIBUTE_CAPABILITY_MINOR = 76,
  CU_FUNC_MAX_DYNAMIC_SHARED = 8,
  CU_JIT_ERROR_LOG_BUFFER = 5,
  CU_JIT_ERROR_LOG_BUFFER_BYTES = 6
};

/// X(name, (parameters)): the functions that the runtime calls.
#define DLC_CUDA_FUNCTIONS(X)                                                                                          \
  X(cuInit, (dlc_uint32 flags))                                                                                        \
  X(cuDeviceGetCount, (dlc_int32 * count))                                                                             \
  X(cuDeviceGet, (CUdevice * device, dlc_int32 ordinal))                                                               \
  X(cuDeviceGetName, (char *name, dlc_int32 length, CUdevice device))                                                  \
  X(cuDeviceGetAttribute, (dlc_int32 * value, dlc_int32 attribute, CUdevice device))                                   \
  X(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device))                                                  \
  X(cuDevicePrimaryCtxRelease_v2, (CUdevice device))                                                                   \
  X(cuCtxPushCurrent_v2, (CUcontext context))                                                                          \
  X(cuCtxPopCurrent_v2, (CUcontext * context))                                                                         \
  X(cuMemAlloc_v2, (CUdeviceptr * memory, size_t bytes))                                                               \
  X(cuMemFree_v2, (CUdeviceptr memory))                                                                                \
  X(cuMemcpyHtoDAsync_v2, (CUdeviceptr to, const void *from, size_t bytes, CUstream stream))                           \
  X(cuMemcpyDtoHAsync_v2, (void *to, CUdeviceptr from, size_t bytes, CUstream stream))                                 \
  X(cuMemcpyDtoDAsync_v2, (CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream))                           \
  X(cuMemsetD8Async, (CUdeviceptr to, unsigned char value, size_t bytes, CUstream stream))                             \
  X(cuStreamCreate, (CUstream * stream, dlc_uint32 flags))                                                             \
  X(cuStreamDestroy_v2, (CUstream stream))                                                                             \
  X(cuStreamSynchronize, (CUstream stream))                                                                            \
  X(cuModuleLoadDataEx, (CUmodule * module, const void *image, dlc_uint32 count, dlc_int32 *options, void **values))   \
  X(cuModuleUnload, (CUmodule module))                                                                                 \
  X(cuModuleGetFunction, (CUfunction * function, CUmodule module, const char *name))                                   \
  X(cuFuncSetAttribute, (CUfunction function, dlc_int32 attribute, dlc_int32 value))                                   \
  X(cuLaunchKernel,                                                                                                    \
    (CUfunction function, dlc_uint32 gridX, dlc_uint32 gridY, dlc_uint32 gridZ, dlc_uint32 blockX, dlc_uint32 blockY,  \
     dlc_uint32 blockZ, dlc_uint32 sharedBytes, CUstream stream, void **parameters, void **extra))                     \
  X(cuGetErrorString, (CUresult error, const char **text))

typedef struct Driver {
#define DLC_CUDA_FIELD(name, parameters) CUresult(*name) parameters;
  DLC_CUDA_FUNCTIONS(DLC_CUDA_FIELD)
#undef DLC_CUDA_FIELD
} Driver;

/// Opens and initializes the driver, once per process. DLC_ERROR_NO_DEVICE if there is none, with a sentence that says
/// what is missing; `*driver` lives as long as the process.
dlc_int32 dlcDriverOpen(const Driver **driver, dlc_error *error);

/// What the driver says of `result`.
const char *dlcDriverText(const Driver *driver, CUresult result);

#endif // DLC_DEVICE_DRIVER_H
