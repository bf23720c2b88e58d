// SPDX-License-Identifier: Apache-2.0
#include "Model.h"

#include "../cpu/Features.h"
#include "CallFrame.h"
#include "Context.h"
#include "FloatMode.h"
#include "Lock.h"
#include "Text.h"

#define PATH_BYTES 4096
#define TRAILER_BYTES 16 // DLC_WEIGHTS_MAGIC and the hash

static ModelState *states;
static dlc_uint32 statesLock;

int dlcIsForDevice(const dlc_program *program) {
  return DLC_HAS(dlc_program, program, device_code) && program->device_code;
}

/// Fails because no program of `model` is for devices of `type`.
static dlc_int32 failDevice(const dlc_model *model, dlc_uint32 type, dlc_error *error) {
  if (type == DLC_DEVICE_CPU)
    return dlcFail(error, DLC_ERROR_DEVICE,
                   "model '%s' was compiled for %s, and has no program for the CPU: compile it with "
                   "--target=x86-64,cuda to have both",
                   model->name, model->target);
  if (type == DLC_DEVICE_CUDA)
    return dlcFail(
        error, DLC_ERROR_DEVICE,
        "model '%s' was compiled for %s, and has no program for a GPU: compile it with --target=cuda, or with "
        "--target=x86-64,cuda to have both",
        model->name, model->target);
  return dlcFail(error, DLC_ERROR_ARGUMENT,
                 "dlc_context_options.device_type is %u: 0, 1 (CPU) and 2 (GPU) are possible", (dlc_uint64)type);
}

dlc_int32 dlcModelChooseProgram(const dlc_model *model, dlc_uint32 type, dlc_error *error, const dlc_program **result) {
  *result = (const dlc_program *)0;
  if (!model)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "no model");
  if (model->abi_version != DLC_ABI_VERSION || model->struct_bytes != sizeof(dlc_model))
    return dlcFail(error, DLC_ERROR_ABI, "the model uses ABI version %u, this runtime %u",
                   (dlc_uint64)model->abi_version, (dlc_uint64)DLC_ABI_VERSION);
  const dlc_program *program = (const dlc_program *)0;
  dlc_uint64 missing = 0;
  for (dlc_uint32 i = 0; i < model->program_count; ++i) {
    const dlc_program *candidate = model->programs[i];
    if (type && type != (dlc_uint32)(dlcIsForDevice(candidate) ? DLC_DEVICE_CUDA : DLC_DEVICE_CPU))
      continue;
    program = candidate;
    missing = program->required_features & ~dlcCpuFeatures();
    if (program->device_type == DLC_DEVICE_CPU && !missing) {
      *result = program;
      return DLC_OK;
    }
  }
  if (!program && model->program_count)
    return failDevice(model, type, error);
  if (!program)
    return dlcFail(error, DLC_ERROR_ABI, "model '%s' contains no program", model->name);
  // The reason is that of the last one, which requires the least.
  if (program->device_type != DLC_DEVICE_CPU)
    return dlcFail(error, DLC_ERROR_DEVICE,
                   "model '%s' is for a device of type %u, and this runtime supports the CPU only", model->name,
                   (dlc_uint64)program->device_type);
  return dlcFail(error, DLC_ERROR_UNSUPPORTED_CPU,
                 "model '%s' was compiled for %s, and this CPU lacks %s: compile it with another --target", model->name,
                 program->target, dlcCpuFeatureName(missing));
}

const dlc_program *dlcModelProgram(const dlc_model *model, dlc_error *error) {
  const dlc_program *program;
  dlcModelChooseProgram(model, 0, error, &program);
  return program;
}

/// Appends `text` to the path; returns nonzero if it does not fit.
static int appendPath(char *path, size_t *length, const char *text, size_t bytes) {
  if (bytes >= PATH_BYTES - *length)
    return 1;
  memcpy(path + *length, text, bytes);
  *length += bytes;
  path[*length] = 0;
  return 0;
}

static size_t textLength(const char *text) {
  size_t length = 0;
  while (text[length])
    ++length;
  return length;
}

/// The weight file is in `folder`, or beside the file that holds the model.
static int sidecarPath(const ModelState *state, const char *folder, char *path) {
  size_t length = 0;
  if (folder) {
    if (appendPath(path, &length, folder, textLength(folder)) || appendPath(path, &length, "/", 1))
      return 1;
  } else {
    struct dlcDlInfo info;
    if (dladdr(state->model, &info) && info.fileName) {
      size_t bytes = textLength(info.fileName);
      while (bytes && info.fileName[bytes - 1] != '/')
        --bytes;
      if (appendPath(path, &length, info.fileName, bytes))
        return 1;
    }
  }
  return appendPath(path, &length, state->program->weights_file, textLength(state->program->weights_file));
}

static dlc_int32 mapSidecar(ModelState *state, const char *folder, dlc_error *error) {
  const dlc_model *model = state->model;
  const dlc_program *program = state->program;
  char path[PATH_BYTES];
  path[0] = 0;
  if (sidecarPath(state, folder, path))
    return dlcFail(error, DLC_ERROR_FILE, "the path of the weights '%s' is too long", program->weights_file);
  int file = open(path, DLC_OPEN_TO_READ);
  if (file < 0)
    return dlcFail(error, DLC_ERROR_NOT_FOUND, "cannot open the weights '%s' of model '%s'", path, model->name);
  long size = lseek(file, 0, DLC_SEEK_END);
  dlc_uint64 expected = program->constant_bytes + TRAILER_BYTES;
  if (size < 0 || (dlc_uint64)size != expected) {
    close(file);
    return dlcFail(error, DLC_ERROR_FILE, "the weights '%s' are not those of model '%s': %d bytes instead of %u", path,
                   model->name, (dlc_int64)size, expected);
  }
  // Read, not looked at in the mapping: a file that is cut short just now is an error and no signal.
  dlc_byte trailer[TRAILER_BYTES];
  int isOther = pread(file, trailer, TRAILER_BYTES, (long)program->constant_bytes) != TRAILER_BYTES;
  dlc_uint64 hash = 0;
  for (int i = 0; i < 8 && !isOther; ++i) {
    isOther |= trailer[i] != (dlc_byte)DLC_WEIGHTS_MAGIC[i];
    hash |= (dlc_uint64)trailer[8 + i] << (8 * i);
  }
  if (isOther || hash != program->weights_hash) {
    close(file);
    return dlcFail(error, DLC_ERROR_FILE, "the weights '%s' are not those of model '%s'", path, model->name);
  }
  dlc_byte *mapping = mmap((void *)0, expected, DLC_PROT_READ, DLC_MAP_PRIVATE, file, 0);
  if ((long)mapping == -1) {
    close(file);
    return dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "cannot map the weights '%s' (%u bytes)", path, expected);
  }
  state->file = file;
  state->mapping = mapping;
  state->mappingBytes = expected;
  state->constants = mapping;
  return DLC_OK;
}

/// Kernels that read what a file has lost die of SIGBUS, so no context is made
/// for weights that were cut short since they were mapped.
static dlc_int32 checkSidecar(const ModelState *state, dlc_error *error) {
  if (!state->mapping || (dlc_uint64)lseek(state->file, 0, DLC_SEEK_END) >= state->mappingBytes)
    return DLC_OK;
  return dlcFail(error, DLC_ERROR_FILE, "the weights '%s' of model '%s' were truncated while they are in use",
                 state->program->weights_file, state->model->name);
}

static void dropContents(ModelState *state) {
  if (state->mapping) {
    munmap(state->mapping, state->mappingBytes);
    close(state->file);
  }
  state->mapping = (void *)0;
  dlcRelease(&state->allocator, state->prepared, state->program->prepared_bytes);
  state->prepared = (dlc_byte *)0;
}

/// Maps and prepares; the state's prepareLock is held.
static dlc_int32 makeReady(ModelState *state, Context *context, const char *weightsFolder, dlc_error *error) {
  const dlc_model *model = state->model;
  const dlc_program *program = state->program;
  // Not empty if a fork has cut off the thread that was here: what that had made is given up.
  state->mapping = (void *)0;
  state->prepared = (dlc_byte *)0;
  state->constants = program->constants;
  if (program->weights_file) {
    dlc_int32 status = mapSidecar(state, weightsFolder, error);
    if (status)
      return status;
  }
  if (program->prepared_bytes) {
    state->prepared = dlcAllocate(&state->allocator, program->prepared_bytes);
    if (!state->prepared) {
      dropContents(state);
      return dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for %u bytes of packed weights of model '%s'",
                     program->prepared_bytes, model->name);
    }
  }
  if (program->prepare) {
    dlc_call call = dlcContextCall(context);
    call.constants = state->constants;
    call.prepared = state->prepared;
    context->message[0] = 0;
    // All contexts share the result: it is the same whatever flags the first of them has.
    dlcFloatMode before = dlcEnterFloatMode(0);
    dlc_int32 status = program->prepare(&call);
    dlcLeaveFloatMode(before, 0);
    if (status) {
      dropContents(state);
      return dlcFail(error, status, "preparing model '%s' failed: %s", model->name,
                     context->message[0] ? context->message : "no memory for a kernel");
    }
  }
  return DLC_OK;
}

/// The state of a program of `model`; null if there is none. The lock of states is held.
static ModelState *findState(const dlc_model *model, const dlc_program *program) {
  ModelState *state = states;
  while (state && (state->model != model || state->program != program))
    state = state->next;
  return state;
}

/// Gives `references` back. The lock of states is held; it is not when the
/// state is torn down.
static void releaseAndUnlock(ModelState *state, dlc_uint32 references) {
  state->references -= references;
  if (state->references) {
    dlcUnlock(&statesLock);
    return;
  }
  for (ModelState **link = &states; *link; link = &(*link)->next)
    if (*link == state) {
      *link = state->next;
      break;
    }
  dlcUnlock(&statesLock);
  dropContents(state);
  dlc_allocator allocator = state->allocator;
  dlcRelease(&allocator, state, sizeof(ModelState));
}

dlc_int32 dlcModelAcquire(Context *context, const char *weightsFolder, dlc_error *error, ModelState **result) {
  const dlc_model *model = context->face.model;
  dlcLock(&statesLock);
  ModelState *state = findState(model, context->program);
  if (!state) {
    state = dlcAllocate(&context->allocator, sizeof(ModelState));
    if (!state) {
      dlcUnlock(&statesLock);
      return dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for the state of model '%s'", model->name);
    }
    memset(state, 0, sizeof *state);
    state->model = model;
    state->program = context->program;
    state->allocator = context->allocator;
    state->next = states;
    __atomic_store_n(&states, state, __ATOMIC_RELEASE); // also for a child that is forked meanwhile
  }
  ++state->references;
  dlcUnlock(&statesLock);

  dlcLock(&state->prepareLock);
  dlc_int32 status = state->isReady ? checkSidecar(state, error) : makeReady(state, context, weightsFolder, error);
  if (!status)
    __atomic_store_n(&state->isReady, 1, __ATOMIC_RELEASE);
  dlcUnlock(&state->prepareLock);
  if (status) {
    dlcModelRelease(state);
    return status;
  }
  *result = state;
  return DLC_OK;
}

void dlcModelRelease(ModelState *state) {
  dlcLock(&statesLock);
  releaseAndUnlock(state, 1);
}

void dlcModelHold(ModelState *state) {
  dlcLock(&statesLock);
  ++state->references;
  ++state->prepares;
  dlcUnlock(&statesLock);
}

void dlcModelUnprepare(const dlc_model *model) {
  dlcLock(&statesLock);
  ModelState *state = states;
  while (state && (state->model != model || !state->prepares))
    state = state->next;
  if (!state) {
    dlcUnlock(&statesLock);
    return;
  }
  --state->prepares;
  releaseAndUnlock(state, 1);
}
