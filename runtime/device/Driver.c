// SPDX-License-Identifier: Apache-2.0
#include "Driver.h"

#include "../core/Lock.h"
#include "../core/Text.h"

static Driver table;
static dlc_uint32 tableLock, isOpen;

dlc_int32 dlcDriverOpen(const Driver **driver, dlc_error *error) {
  *driver = &table;
  if (__atomic_load_n(&isOpen, __ATOMIC_ACQUIRE))
    return DLC_OK;
  dlcLock(&tableLock);
  dlc_int32 status = DLC_OK;
  void *library = dlopen("libcuda.so.1", DLC_DLOPEN_NOW);
  if (!library)
    status =
        dlcFail(error, DLC_ERROR_NO_DEVICE,
                "there is no CUDA driver on this machine (libcuda.so.1 cannot be opened): install NVIDIA's driver, "
                "or compile the model for the CPU");
#define DLC_CUDA_FIND(name, parameters)                                                                                \
  if (!status)                                                                                                         \
    *(void **)&table.name = dlsym(library, #name);                                                                     \
  if (!status && !table.name)                                                                                          \
    status = dlcFail(error, DLC_ERROR_NO_DEVICE, "the CUDA driver on this machine is too old: it lacks %s", #name);
  DLC_CUDA_FUNCTIONS(DLC_CUDA_FIND)
#undef DLC_CUDA_FIND
  CUresult result = status ? CUDA_SUCCESS : table.cuInit(0);
  if (result)
    status =
        dlcFail(error, DLC_ERROR_NO_DEVICE, "the CUDA driver cannot be initialized: %s", dlcDriverText(&table, result));
  if (!status)
    __atomic_store_n(&isOpen, 1, __ATOMIC_RELEASE);
  dlcUnlock(&tableLock);
  return status;
}

const char *dlcDriverText(const Driver *driver, CUresult result) {
  const char *text = (const char *)0;
  if (driver->cuGetErrorString(result, &text) || !text)
    return "an error that it has no words for";
  return text;
}
