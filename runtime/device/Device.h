// SPDX-License-Identifier: Apache-2.0
/// \file
/// A context's part of a GPU: its memory there, its stream, and the kernels that it has loaded. A model that is
/// compiled for CUDA has one for each of its contexts; libraries for the CPU contain none of this.
///
/// A run uses the caller's tensors on the device in place, and copies inputs there and outputs back that are in the
/// host's memory (Execute.h); constants, states (ResidentStates.h) and variables (ResidentVariables.h) stay there.
/// Generated code sees device addresses only, and reaches the device through Launch.h, Memory.h and HostKernel.h.
#ifndef DLC_DEVICE_DEVICE_H
#define DLC_DEVICE_DEVICE_H

#include "../core/Context.h"
#include "../core/Scratch.h"
#include "Driver.h"

/// Memory of the device that grows, and then does not keep its contents.
typedef struct DeviceBlock {
  CUdeviceptr data;
  dlc_uint64 bytes;
} DeviceBlock;

/// A state of the model on the device.
typedef struct ResidentState {
  DeviceBlock now, next; // its value; where a run writes the next one
  dlc_uint32 isCurrent;  // `now` has the value
  dlc_uint32 isNewer;    // and the host's memory lacks it
  dlc_uint32 isChecked;  // the core reads it before a run
} ResidentState;

typedef struct ResidentVariables ResidentVariables;

/// A kernel that has been loaded, by the addresses of its code and name in the library.
typedef struct LoadedKernel {
  const char *ptx;
  const char *name;
  CUfunction function;
} LoadedKernel;

/// The code of a launch, loaded as a whole, by the address of its text in the library.
typedef struct LoadedModule {
  const char *ptx;
  CUmodule module;
} LoadedModule;

/// Memory for what a kernel keeps while it runs, and several kernels one after the other share.
typedef struct DeviceScratch {
  DeviceBlock block;
  dlc_uint64 used, wanted; // bytes in use, in `block` or not; the most that ever were
  dlc_uint32 alive;        // allocations
} DeviceScratch;

/// What generated code is given for the executing thread's scratch: a dlc_scratch, first, with the device behind it.
typedef struct DeviceThread {
  struct dlc_scratch scratch;
  struct Device *device;
} DeviceThread;

typedef struct Device {
  struct Device *next; // in the list of all
  Context *context;
  dlc_uint32 references; // as many as the context has
  dlc_int32 process;     // that created it
  const Driver *driver;
  CUdevice ordinal;
  CUcontext cuda;
  CUstream stream;
  dlc_uint32 ownsStream; // else it is the caller's
  dlc_byte *view;        // what the core has asked for last; see ContextDevice
  dlc_uint64 viewBytes;
  CUresult failure; // of the driver, the first of a run; all later work of the run is left out
  DeviceThread thread;
  DeviceBlock constants, prepared, workspace;
  ResidentVariables *variables;                 // of the block that is bound; null if none is
  void (*dropVariables)(struct Device *device); // gives them up
  DeviceBlock *tensors;                         // one per input and output: copies of those on the host
  DeviceBlock *segments;                        // one per segment
  ResidentState *states;                        // one per state of the model
  dlc_uint32 tensorCount, segmentCount, stateCount;
  dlc_uint32 entryStateCount; // of the entry point with most of them
  DeviceScratch scratch;
  LoadedModule *modules;
  LoadedKernel *kernels; // a hash table
  dlc_uint32 moduleCount, moduleCapacity, kernelCount, kernelCapacity;
} Device;

/// Creates the device of `context`, on the GPU with the number of its options, or finds it; the caller holds one more
/// reference.
dlc_int32 dlcDeviceAcquire(Context *context, dlc_error *error, Device **device);

/// Gives back a reference of the device of `context`, if it has one. The last one frees the device.
void dlcDeviceRelease(Context *context);

/// One more reference.
void dlcDeviceRetain(Context *context);

/// The device of `context`; null if there is none.
Device *dlcDeviceFind(Context *context);

/// Makes the device current for this thread, until dlcDeviceLeave. A status if that fails.
dlc_int32 dlcDeviceEnter(Device *device);
void dlcDeviceLeave(Device *device);

/// Remembers the first failure of a run; returns nonzero if `result` is one.
int dlcDeviceFailed(Device *device, CUresult result);

/// Makes `*block` at least `bytes` long, with an address also if they are 0.
dlc_int32 dlcDeviceGrow(Device *device, DeviceBlock *block, dlc_uint64 bytes, const char *what);

/// The status and message for `device->failure`, and DLC_OK if there is none.
dlc_int32 dlcDeviceStatus(Device *device);

static inline Device *dlcDeviceOf(struct dlc_scratch *scratch) { return ((DeviceThread *)scratch)->device; }

#endif // DLC_DEVICE_DEVICE_H
