// SPDX-License-Identifier: Apache-2.0
#include "ResidentVariables.h"

#include "../core/Checkpoint.h"
#include "../core/ContextEntry.h"
#include "../core/ContextMessage.h"
#include "../core/Lock.h"
#include "../core/Text.h"
#include "../core/Variables.h"
#include "Transfer.h"

struct ResidentVariables {
  struct ResidentVariables *next;
  dlc_byte *host; // the caller's block
  dlc_uint64 bytes;
  const Driver *driver;
  CUcontext cuda;
  CUdevice ordinal;
  dlc_int32 process;     // that created it
  dlc_uint32 references; // contexts that have bound the block
  DeviceBlock block;
  dlc_uint32 isCurrent; // has the values
  dlc_uint32 isNewer;   // has values that the host's block lacks
};

static ResidentVariables *copies;
static dlc_uint32 copiesLock; // of the list and of what its elements hold

/// Makes the host's block hold what runs have written. The lock is held.
static CUresult pull(const void *host) {
  for (ResidentVariables *copy = copies; copy; copy = copy->next) {
    if (copy->host != host || !copy->isNewer)
      continue;
    // A forked child cannot reach what its parent has on the device.
    if (copy->process != getpid())
      return CUDA_ERROR_DEINITIALIZED;
    CUcontext popped;
    CUresult result = copy->driver->cuCtxPushCurrent_v2(copy->cuda);
    if (result)
      return result;
    // All runs have been waited for, so any stream will do.
    CUstream stream = (CUstream)0;
    result = copy->driver->cuMemcpyDtoHAsync_v2(copy->host, copy->block.data, copy->bytes, stream);
    if (!result)
      result = copy->driver->cuStreamSynchronize(stream);
    copy->driver->cuCtxPopCurrent_v2(&popped);
    if (result)
      return result;
    copy->isNewer = 0;
  }
  return CUDA_SUCCESS;
}

/// The values of the host's block count, or those of `except`.
static void forget(const void *host, const ResidentVariables *except) {
  for (ResidentVariables *copy = copies; copy; copy = copy->next)
    if (copy->host == host && copy != except)
      copy->isCurrent = copy->isNewer = 0;
}

static dlc_int32 begin(Device *device, ResidentVariables *copy) {
  if (copy->isCurrent)
    return DLC_OK;
  if (dlcDeviceFailed(device, pull(copy->host)))
    return dlcDeviceStatus(device);
  dlc_int32 status = dlcDeviceGrow(device, &copy->block, copy->bytes, "the variables");
  if (status)
    return status;
  dlcDeviceUpload(device, copy->block.data, copy->host, copy->bytes);
  // Other contexts use it on other streams.
  dlcDeviceWait(device);
  status = dlcDeviceStatus(device);
  copy->isCurrent = !status;
  return status;
}

dlc_int32 dlcResidentVariablesBegin(Device *device, dlc_byte **variables) {
  dlcLock(&copiesLock);
  dlc_int32 status = begin(device, device->variables);
  dlcUnlock(&copiesLock);
  *variables = (dlc_byte *)device->variables->block.data;
  return status;
}

void dlcResidentVariablesEnd(Device *device, const dlc_entry_point *entry, int ok) {
  ResidentVariables *copy = device->variables;
  if (!copy || !(entry->flags & DLC_ENTRY_WRITES_VARIABLES))
    return;
  dlcLock(&copiesLock);
  if (ok) {
    copy->isNewer = 1;
    forget(copy->host, copy);
    // The core compares the stamp before a run.
    const dlc_int64 *stamp = device->context->stamp;
    if (stamp)
      dlcDeviceDownload(device, (void *)stamp,
                        copy->block.data + ((dlc_uint64)stamp - (dlc_uint64)device->context->variables), sizeof *stamp);
  } else if (!copy->isNewer) {
    // The host's block is one that the run cannot have touched.
    copy->isCurrent = 0;
  }
  dlcUnlock(&copiesLock);
}

/// Gives up the copy that the device uses, if there is one. The device is current.
static void drop(Device *device) {
  ResidentVariables *copy = device->variables;
  device->variables = (ResidentVariables *)0;
  if (!copy)
    return;
  dlcLock(&copiesLock);
  if (!--copy->references) {
    ResidentVariables **link = &copies;
    while (*link != copy)
      link = &(*link)->next;
    *link = copy->next;
    if (copy->block.data && copy->process == getpid())
      copy->driver->cuMemFree_v2(copy->block.data);
    free(copy);
  }
  dlcUnlock(&copiesLock);
}

/// The copy of `host` on the device, made if need be; null without memory.
static ResidentVariables *acquire(Device *device, dlc_byte *host) {
  dlcLock(&copiesLock);
  ResidentVariables *copy = copies;
  while (copy && (copy->host != host || copy->cuda != device->cuda || copy->process != device->process))
    copy = copy->next;
  if (!copy) {
    copy = dlcAllocateFromLibc(sizeof *copy);
    if (copy) {
      *copy = (ResidentVariables){.next = copies,
                                  .host = host,
                                  .bytes = device->context->face.model->variable_bytes,
                                  .driver = device->driver,
                                  .cuda = device->cuda,
                                  .ordinal = device->ordinal,
                                  .process = device->process};
      copies = copy;
    }
  }
  if (copy)
    ++copy->references;
  dlcUnlock(&copiesLock);
  return copy;
}

dlc_int32 dlcResidentVariablesBind(dlc_context *face, void *block, dlc_uint64 bytes) {
  dlc_int32 status = dlcVariablesBind(face, block, bytes);
  Context *context = (Context *)face;
  if (!status)
    status = dlcContextEnter(context);
  if (status)
    return status;
  Device *device = dlcDeviceFind(context);
  status = dlcDeviceEnter(device);
  if (!status) {
    // The new one first: binding the same block again keeps its copy.
    ResidentVariables *copy = block ? acquire(device, block) : (ResidentVariables *)0;
    drop(device);
    device->variables = copy;
    device->dropVariables = drop;
    dlcDeviceLeave(device);
    if (block && !copy)
      status = dlcContextFail(context, DLC_ERROR_OUT_OF_MEMORY, "no memory for the variables of model '%s'",
                              face->model->name);
  }
  if (status)
    context->variables = (dlc_byte *)0;
  dlcContextLeave(context);
  return status;
}

static dlc_int32 pullLocked(const dlc_model *model, const void *block, dlc_error *error) {
  const Driver *driver;
  dlc_int32 status = dlcDriverOpen(&driver, error);
  if (status)
    return status;
  dlcLock(&copiesLock);
  CUresult result = pull(block);
  dlcUnlock(&copiesLock);
  if (!result)
    return DLC_OK;
  return dlcFail(error, DLC_ERROR_DEVICE_LOST,
                 "the variables of model '%s' cannot be copied from the GPU: %s. The block has what it had when they "
                 "were last copied",
                 model->name, dlcDriverText(driver, result));
}

static void forgetLocked(const void *block) {
  dlcLock(&copiesLock);
  forget(block, (const ResidentVariables *)0);
  dlcUnlock(&copiesLock);
}

void *dlcResidentVariablesAllocate(const dlc_model *model, dlc_error *error) {
  void *block = dlcVariablesAllocate(model, error);
  // What a block at this address held before it was freed does not count.
  forgetLocked(block);
  return block;
}

dlc_int32 dlcResidentVariablesSave(const dlc_model *model, const void *block, const char *path,
                                   const dlc_metadata *metadata, dlc_uint32 count, dlc_error *error) {
  dlc_int32 status = DLC_OK;
  dlcLock(&copiesLock);
  int isNeeded = copies != (ResidentVariables *)0;
  dlcUnlock(&copiesLock);
  // Blocks that no context has bound need no driver.
  if (isNeeded)
    status = pullLocked(model, block, error);
  return status || !path ? status : dlcVariablesSave(model, block, path, metadata, count, error);
}

dlc_int32 dlcResidentVariablesLoad(const dlc_model *model, void *block, const char *path,
                                   const dlc_load_options *options, dlc_error *error) {
  if (!path) {
    forgetLocked(block);
    return DLC_OK;
  }
  // What the file lacks keeps its value.
  dlc_int32 status = dlcResidentVariablesSave(model, block, (const char *)0, (const dlc_metadata *)0, 0, error);
  if (status)
    return status;
  status = dlcVariablesLoad(model, block, path, options, error);
  forgetLocked(block);
  return status;
}
