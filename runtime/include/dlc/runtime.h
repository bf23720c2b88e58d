/* SPDX-License-Identifier: Apache-2.0 */
/// \file
/// The C interface to models that dlc compiled, for C11 and C++17: open a
/// library (or name a linked-in model), create a context, run. Header-only; every
/// model contains its own runtime, which these functions reach through the
/// model's description. Link with -ldl where libc is older than glibc 2.34.
///
///   dlc_error error;
///   dlc_library *library;
///   dlc_context *context;
///   if (dlc_library_open("./digits.so", NULL, &error, &library) ||
///       dlc_context_create(library->model, NULL, &error, &context))
///     return fprintf(stderr, "%s\n", error.message), 1;
///   int64_t image_shape[] = {1, 1, 8, 8}, probability_shape[] = {1, 10};
///   dlc_tensor image = dlc_tensor_of(pixels, DLC_F32, 4, image_shape);
///   dlc_tensor probability = dlc_tensor_of(result, DLC_F32, 2, probability_shape);
///   if (dlc_run(context, &library->model->entries[0], &image, 1, &probability, 1))
///     return fprintf(stderr, "%s\n", dlc_context_message(context)), 1;
///   dlc_context_release(context);
///   dlc_library_close(library);
///
/// Functions that can fail return a dlc_status; results come through the last
/// parameter, which is null after a failure. `error` may be null. No call
/// aborts, throws, or writes outside what it was given. Objects may be used
/// from any thread; a context runs in one thread at a time (a second one gets
/// DLC_ERROR_BUSY), different contexts run concurrently. Objects that are passed
/// together must belong together: an entry point is one of the context's own
/// model (context->model), of the same loaded library; otherwise the answer is
/// DLC_ERROR_ARGUMENT.
///
/// A program may fork at any time, and use in the child what it had before:
/// libraries, contexts, pools. The child's pools start threads of their own in
/// the first run that needs them. What other threads of the parent were doing at
/// that moment is cut off: the preparation of a model is repeated by whoever
/// needs it, and a context that was in a call has lost its state, as after
/// dlc_context_reset (variables that a training step was writing are as far as it
/// had come). Functions of the program's own that the runtime calls (allocator,
/// executor, log) must not return in a child that they have forked.
#ifndef DLC_RUNTIME_H
#define DLC_RUNTIME_H

#include "dlc/context.h"
#include "dlc/library.h"
#include "dlc/variables.h"

#endif /* DLC_RUNTIME_H */
