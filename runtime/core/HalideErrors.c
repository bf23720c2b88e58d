// SPDX-License-Identifier: Apache-2.0
/// \file
/// What kernels that check their bounds call when a check fails. They write
/// the context's message and return Halide's (negative) error code, which a run
/// turns into DLC_ERROR_KERNEL. Signatures are those of Halide 21's
/// HalideRuntime.h; kernels without checks refer to none of them.
#include "ContextMessage.h"
#include "Scratch.h"
#include "Text.h"

static int report(void *userContext, int code, const char *format, ...) {
  struct dlc_scratch *scratch = userContext;
  char message[400];
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  dlcFormatList(message, sizeof message, format, arguments);
  __builtin_va_end(arguments);
  dlcContextKernelMessage(scratch->context, message);
  return code;
}

/// A real number in a message; one that is not a 64-bit integer becomes the nearest, NaN becomes 0.
static dlc_int64 roughly(double value) {
  return value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : value != value ? 0 : (dlc_int64)value;
}

void halide_error(void *userContext, const char *message) { report(userContext, 0, "kernel: %s", message); }

int halide_error_access_out_of_bounds(void *user, const char *name, int dimension, int minTouched, int maxTouched,
                                      int minValid, int maxValid) {
  return report(user, -4, "kernel: '%s' is accessed at %d to %d in dimension %d, which holds %d to %d", name,
                (dlc_int64)minTouched, (dlc_int64)maxTouched, (dlc_int64)dimension, (dlc_int64)minValid,
                (dlc_int64)maxValid);
}

int halide_error_explicit_bounds_too_small(void *user, const char *name, const char *variable, int minBound,
                                           int maxBound, int minRequired, int maxRequired) {
  return report(user, -2, "kernel: bounds %d to %d of %s in '%s' do not cover %d to %d", (dlc_int64)minBound,
                (dlc_int64)maxBound, variable, name, (dlc_int64)minRequired, (dlc_int64)maxRequired);
}

int halide_error_bad_type(void *user, const char *name, dlc_uint32 given, dlc_uint32 correct) {
  return report(user, -3, "kernel: '%s' has elements of type %u instead of %u", name, (dlc_uint64)given,
                (dlc_uint64)correct);
}

int halide_error_bad_dimensions(void *user, const char *name, int given, int correct) {
  return report(user, -43, "kernel: '%s' has %d dimensions instead of %d", name, (dlc_int64)given, (dlc_int64)correct);
}

int halide_error_buffer_allocation_too_large(void *user, const char *name, dlc_uint64 size, dlc_uint64 largest) {
  return report(user, -5, "kernel: '%s' needs %u bytes, more than %u", name, size, largest);
}

int halide_error_buffer_extents_negative(void *user, const char *name, int dimension, int extent) {
  return report(user, -28, "kernel: '%s' has extent %d in dimension %d", name, (dlc_int64)extent, (dlc_int64)dimension);
}

int halide_error_buffer_extents_too_large(void *user, const char *name, dlc_int64 size, dlc_int64 largest) {
  return report(user, -6, "kernel: '%s' has %d elements, more than %d", name, size, largest);
}

int halide_error_constraints_make_required_region_smaller(void *user, const char *name, int dimension,
                                                          int constrainedMin, int constrainedExtent, int requiredMin,
                                                          int requiredExtent) {
  return report(user, -7, "kernel: '%s' is constrained to %d + %d in dimension %d, but %d + %d is needed", name,
                (dlc_int64)constrainedMin, (dlc_int64)constrainedExtent, (dlc_int64)dimension, (dlc_int64)requiredMin,
                (dlc_int64)requiredExtent);
}

int halide_error_constraint_violated(void *user, const char *variable, int value, const char *constraint,
                                     int constrained) {
  return report(user, -8, "kernel: %s is %d, but %s is %d", variable, (dlc_int64)value, constraint,
                (dlc_int64)constrained);
}

int halide_error_param_too_small_i64(void *user, const char *name, dlc_int64 value, dlc_int64 least) {
  return report(user, -9, "kernel: parameter %s is %d, less than %d", name, value, least);
}

int halide_error_param_too_small_u64(void *user, const char *name, dlc_uint64 value, dlc_uint64 least) {
  return report(user, -9, "kernel: parameter %s is %u, less than %u", name, value, least);
}

int halide_error_param_too_small_f64(void *user, const char *name, double value, double least) {
  return report(user, -9, "kernel: parameter %s is about %d, less than about %d", name, roughly(value), roughly(least));
}

int halide_error_param_too_large_i64(void *user, const char *name, dlc_int64 value, dlc_int64 most) {
  return report(user, -10, "kernel: parameter %s is %d, more than %d", name, value, most);
}

int halide_error_param_too_large_u64(void *user, const char *name, dlc_uint64 value, dlc_uint64 most) {
  return report(user, -10, "kernel: parameter %s is %u, more than %u", name, value, most);
}

int halide_error_param_too_large_f64(void *user, const char *name, double value, double most) {
  return report(user, -10, "kernel: parameter %s is about %d, more than about %d", name, roughly(value), roughly(most));
}

int halide_error_out_of_memory(void *user) { return report(user, -11, "kernel: out of memory"); }

int halide_error_buffer_argument_is_null(void *user, const char *name) {
  return report(user, -12, "kernel: no buffer '%s'", name);
}

int halide_error_buffer_is_null(void *user, const char *routine) {
  return report(user, -38, "kernel: no buffer for %s", routine);
}

int halide_error_unaligned_host_ptr(void *user, const char *name, int alignment) {
  return report(user, -24, "kernel: '%s' is not aligned to %d bytes", name, (dlc_int64)alignment);
}

int halide_error_host_is_null(void *user, const char *name) {
  return report(user, -34, "kernel: '%s' has no data", name);
}

int halide_error_bad_fold(void *user, const char *name, const char *variable, const char *loop) {
  return report(user, -25, "kernel: '%s' is folded over %s in %s out of order", name, variable, loop);
}

int halide_error_fold_factor_too_small(void *user, const char *name, const char *variable, int factor, const char *loop,
                                       int required) {
  return report(user, -26, "kernel: '%s' is folded over %s by %d, but %d are needed in %s", name, variable,
                (dlc_int64)factor, (dlc_int64)required, loop);
}

int halide_error_requirement_failed(void *user, const char *condition, const char *message) {
  return report(user, -27, "kernel: %s does not hold: %s", condition, message);
}

int halide_error_specialize_fail(void *user, const char *message) {
  return report(user, -31, "kernel: no specialization fits: %s", message);
}

int halide_error_storage_bound_too_small(void *user, const char *name, const char *variable, int provided,
                                         int required) {
  return report(user, -45, "kernel: '%s' has storage for %d of %s, but %d are needed", name, (dlc_int64)provided,
                variable, (dlc_int64)required);
}

int halide_error_split_factor_not_positive(void *user, const char *name, const char *original, const char *outer,
                                           const char *inner, const char *text, int factor) {
  return report(user, -46, "kernel: %s of '%s' is split into %s and %s by %s = %d", original, name, outer, inner, text,
                (dlc_int64)factor);
}

int halide_error_host_and_device_dirty(void *user) {
  return report(user, -37, "kernel: a buffer is marked as changed on a device");
}

int halide_error_device_dirty_with_no_device_support(void *user, const char *name) {
  return report(user, -44, "kernel: '%s' is marked as changed on a device", name);
}

int halide_error_no_device_interface(void *user) { return report(user, -19, "kernel: a buffer names no device"); }
