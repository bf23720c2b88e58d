// SPDX-License-Identifier: Apache-2.0
#include "Execute.h"

#include "../core/ContextEntry.h"
#include "../core/ContextMessage.h"
#include "../core/Segment.h"
#include "../core/UnwantedOutputs.h"
#include "ResidentStates.h"
#include "ResidentVariables.h"
#include "Transfer.h"

/// A segment's memory on the device, for generated code.
static void *reserveSegment(const dlc_call *call, dlc_uint32 number, dlc_uint64 bytes) {
  Device *device = dlcDeviceOf(call->scratch);
  dlc_uint64 larger;
  if (bytes > INT64_MAX || dlcAddOverflows(bytes, bytes / 4, &larger) ||
      dlcDeviceGrow(device, &device->segments[number], larger, "tensors as large as these data make them")) {
    dlcContextKernelMessage(device->context, "the GPU has no room for tensors as large as these data make them");
    return (void *)0;
  }
  return (void *)device->segments[number].data;
}

static int noPool(const dlc_call *call, dlc_task task, const void *arguments, dlc_int64 extent, dlc_int64 grain) {
  (void)grain;
  return task(arguments, 0, extent, call->scratch);
}

static const dlc_services deviceServices = {
    .struct_bytes = sizeof deviceServices, .parallel_for = noPool, .reserve = reserveSegment};

/// What does not change between runs: constants, and what was computed from them when the model was prepared.
static dlc_int32 provideConstants(Device *device, const dlc_call *call, int isPreparing) {
  const dlc_program *program = device->context->program;
  if (program->constant_bytes && !device->constants.data) {
    dlc_int32 status = dlcDeviceGrow(device, &device->constants, program->constant_bytes, "the weights");
    if (status)
      return status;
    dlcDeviceUpload(device, device->constants.data, call->constants, program->constant_bytes);
  }
  if (program->prepared_bytes && (isPreparing || !device->prepared.data)) {
    dlc_int32 status = dlcDeviceGrow(device, &device->prepared, program->prepared_bytes, "the packed weights");
    if (status)
      return status;
    if (!isPreparing)
      dlcDeviceUpload(device, device->prepared.data, call->prepared, program->prepared_bytes);
  }
  return DLC_OK;
}

/// Whether output `number` is one that the caller does not want.
static int isUnwanted(const Context *context, const dlc_entry_point *entry, dlc_uint32 number) {
  return number >= entry->input_count && dlcIsUnwanted(&context->outputs[number - entry->input_count]);
}

/// Whether the caller's tensor `number` is used where it is. Without elements it needs no address.
static int isInPlace(const Context *context, const dlc_entry_point *entry, dlc_uint32 number) {
  return dlcIsOnDevice(context, entry, number) && context->ends[number] != context->tensors[number];
}

/// Whether the run is over for the caller when all its work is in the stream: that is the caller's own, and nothing is
/// to be copied to the host.
static int isDeferred(const Device *device, const dlc_entry_point *entry) {
  const Context *context = device->context;
  if (device->ownsStream || entry->flags & DLC_ENTRY_WRITES_VARIABLES)
    return 0;
  for (dlc_uint32 i = 0; i < entry->input_count + entry->output_count; ++i)
    if (!dlcIsOnDevice(context, entry, i) && !isUnwanted(context, entry, i))
      return 0;
  for (dlc_uint32 i = 0; i < entry->state_count; ++i)
    if (device->states[entry->states[i].slot].isChecked)
      return 0;
  return 1;
}

static dlc_uint64 tensorBytes(const Context *context, dlc_uint32 number) {
  return (dlc_uint64)(context->ends[number] - (dlc_byte *)context->tensors[number]);
}

/// Whether the context keeps output `number`, because nobody knows before the run how large it becomes.
static int isKeptByContext(const dlc_entry_point *entry, dlc_uint32 number) {
  return number >= entry->input_count && entry->outputs[number - entry->input_count].flags & DLC_TENSOR_UNBOUNDED;
}

/// Room on the device for all that the run touches; copies there what it reads. `addresses` are those of the tensors.
static dlc_int32 provide(Device *device, const dlc_entry_point *entry, dlc_call *call, void **addresses,
                         dlc_byte **states, dlc_byte **nextStates) {
  Context *context = device->context;
  dlc_uint64 workspaceBytes = dlcContextCode(context, entry)->workspace_bytes(call->symbols);
  dlc_int32 status = dlcDeviceGrow(device, &device->workspace, workspaceBytes, "the workspace");
  for (dlc_uint32 i = 0; !status && i < entry->input_count + entry->output_count; ++i) {
    if (isKeptByContext(entry, i)) {
      addresses[i] = (void *)0;
      continue;
    }
    if (isInPlace(context, entry, i)) {
      addresses[i] = context->tensors[i];
      continue;
    }
    dlc_uint64 bytes = tensorBytes(context, i);
    status = dlcDeviceGrow(device, &device->tensors[i], bytes, "a tensor");
    addresses[i] = (void *)device->tensors[i].data;
    if (!status && i < entry->input_count)
      dlcDeviceUpload(device, device->tensors[i].data, context->tensors[i], bytes);
  }
  if (!status)
    status = dlcResidentStatesBegin(device, entry, states, nextStates);
  if (!status && entry->flags)
    status = dlcResidentVariablesBegin(device, &call->variables);
  call->workspace = (dlc_byte *)device->workspace.data;
  call->tensors = addresses;
  call->states = states;
  call->next_states = nextStates;
  return status;
}

/// Outputs that the context keeps: their extents are known now.
static dlc_int32 fetchKept(Device *device, const dlc_entry_point *entry, const dlc_call *host, void *const *addresses) {
  Context *context = device->context;
  const dlc_entry_code *code = dlcContextCode(context, entry);
  if (code->output_shapes)
    code->output_shapes(context->symbols, context->dims);
  const dlc_int64 *dims = context->dims;
  dlc_uint32 kept = 0;
  for (dlc_uint32 i = 0; i < entry->output_count; dims += entry->outputs[i++].rank) {
    dlc_uint32 number = entry->input_count + i;
    if (!isKeptByContext(entry, number))
      continue;
    dlc_uint64 bytes = dlcElementBytes(entry->outputs[i].element_type);
    for (dlc_uint32 d = 0; d < entry->outputs[i].rank; ++d)
      bytes *= (dlc_uint64)dims[d];
    void *memory = dlcReserveSegment(host, kept++, bytes);
    if (!memory)
      return DLC_ERROR_OUT_OF_MEMORY;
    context->tensors[number] = memory;
    dlcDeviceDownload(device, memory, (CUdeviceptr)addresses[number], bytes);
  }
  return DLC_OK;
}

/// Copies outputs to the host that are wanted there.
static dlc_int32 fetch(Device *device, const dlc_entry_point *entry, const dlc_call *host, void *const *addresses) {
  Context *context = device->context;
  for (dlc_uint32 i = entry->input_count; i < entry->input_count + entry->output_count; ++i)
    if (!isKeptByContext(entry, i) && !isUnwanted(context, entry, i) && !isInPlace(context, entry, i))
      dlcDeviceDownload(device, context->tensors[i], device->tensors[i].data, tensorBytes(context, i));
  return fetchKept(device, entry, host, addresses);
}

static dlc_int32 synchronize(Device *device) {
  dlcDeviceWait(device);
  return dlcDeviceStatus(device);
}

static dlc_int32 runAndFetch(Device *device, const dlc_call *host, const dlc_entry_point *entry, DeviceProgram program,
                             void **addresses, dlc_byte **states, dlc_byte **nextStates) {
  Context *context = device->context;
  dlc_call call = *host;
  dlc_int32 status = provideConstants(device, host, !entry);
  if (!status && entry)
    status = provide(device, entry, &call, addresses, states, nextStates);
  if (!status)
    status = dlcDeviceStatus(device);
  if (status)
    return status;
  call.constants = (const dlc_byte *)device->constants.data;
  call.prepared = (dlc_byte *)device->prepared.data;
  call.threads = 1;
  call.stream = device->stream;
  call.services = &deviceServices;
  device->thread.scratch.recorder = __atomic_load_n(&host->scratch->recorder, __ATOMIC_RELAXED);
  call.scratch = &device->thread.scratch;
  status = program(&call);
  dlcScratchGrow(&device->thread.scratch, 0);
  if (entry && isDeferred(device, entry)) {
    dlc_int32 outcome = dlcDeviceStatus(device);
    return outcome ? outcome : status;
  }
  // Errors of what was launched appear here; they are the reason for others.
  dlc_int32 outcome = synchronize(device);
  status = outcome ? outcome : status;
  if (!status && entry)
    status = fetch(device, entry, host, addresses);
  else if (!status)
    dlcDeviceDownload(device, host->prepared, device->prepared.data, context->program->prepared_bytes);
  return status;
}

static dlc_int32 executeEntered(Device *device, const dlc_call *host, dlc_int32 number, DeviceProgram program,
                                void **addresses, dlc_byte **states, dlc_byte **nextStates) {
  const dlc_entry_point *entry =
      number < 0 ? (const dlc_entry_point *)0 : &device->context->face.model->entries[number];
  dlc_int32 status = runAndFetch(device, host, entry, program, addresses, states, nextStates);
  if (entry) {
    dlcResidentStatesEnd(device, entry, !status);
    dlcResidentVariablesEnd(device, entry, !status);
  }
  if (status || (entry && isDeferred(device, entry)))
    return status;
  return synchronize(device);
}

static dlc_int32 execute(Device *device, const dlc_call *host, dlc_int32 number, DeviceProgram program) {
  Context *context = device->context;
  dlc_int32 status = dlcDeviceEnter(device);
  if (status)
    return status;
  dlc_uint64 words = device->tensorCount + 2 * (dlc_uint64)device->entryStateCount;
  void **table = (void **)dlcAllocate(&context->allocator, (words + 1) * sizeof(void *));
  if (table)
    status = executeEntered(device, host, number, program, table, (dlc_byte **)table + device->tensorCount,
                            (dlc_byte **)table + device->tensorCount + device->entryStateCount);
  else
    status = DLC_ERROR_OUT_OF_MEMORY;
  dlcRelease(&context->allocator, (void *)table, (words + 1) * sizeof(void *));
  dlcDeviceLeave(device);
  return status;
}

dlc_int32 dlcDeviceExecute(const dlc_call *host, dlc_int32 number, DeviceProgram program) {
  Context *context = host->executor;
  Device *device;
  if (number >= 0) {
    device = dlcDeviceFind(context);
    return execute(device, host, number, program);
  }
  // A context is being created, and gets its device when that has succeeded.
  dlc_error error;
  dlc_int32 status = dlcDeviceAcquire(context, &error, &device);
  if (status)
    return dlcContextFail(context, status, "%s", error.message);
  status = execute(device, host, number, program);
  dlcDeviceRelease(context);
  return status;
}
