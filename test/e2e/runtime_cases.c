// SPDX-License-Identifier: Apache-2.0
// Calls a compiled digits library (image: f32[N, 1, 8, 8] -> probability: f32[N, 10]) as a careless program would.
// usage: runtime_cases LIBRARY.so CASE; prints the status and the message.
#include "dlc/runtime.h"

#include <pthread.h>
#include <stdatomic.h>

// Every allocation of the process passes through these.
static atomic_long allocations;
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);
void *malloc(size_t bytes) { return ++allocations, __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return ++allocations, __libc_calloc(count, bytes); }
void *realloc(void *memory, size_t bytes) { return ++allocations, __libc_realloc(memory, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return ++allocations, __libc_memalign(alignment, bytes); }
void *memalign(size_t alignment, size_t bytes) { return ++allocations, __libc_memalign(alignment, bytes); }
int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  *memory = __libc_memalign(alignment, bytes);
  return ++allocations, *memory ? 0 : 12;
}

enum { batch = 3 };
static float pixels[batch * 64 + 64], probability[batch * 10 + 16];
static int64_t image_shape[5] = {batch, 1, 8, 8, 1}, probability_shape[3] = {batch, 10, 1};
static dlc_library *library;
static dlc_context *context;
static const dlc_entry_point *entry;

static int is_case(const char *given, const char *name) { return !strcmp(given, name); }

static int count_allocations(uint32_t threads) {
  dlc_tensor image = dlc_tensor_of(pixels, DLC_F32, 4, image_shape);
  dlc_tensor result = dlc_tensor_of(probability, DLC_F32, 2, probability_shape);
  if (dlc_context_set_threads(context, threads, NULL))
    return -1;
  // The workspace for this batch, and whatever a thread does for itself when it starts.
  for (int i = 0; i < 100; ++i)
    if (dlc_run(context, entry, &image, 1, &result, 1))
      return -1;
  long before = allocations;
  for (int i = 0; i < 1000; ++i) {
    image_shape[0] = probability_shape[0] = 1 + i % batch;
    if (dlc_run(context, entry, &image, 1, &result, 1))
      return -1;
  }
  return (int)(allocations - before);
}

static void *run_many(void *argument) {
  dlc_context *own;
  float result[batch * 10];
  int64_t shapes[] = {batch, 1, 8, 8}, result_shape[] = {batch, 10};
  dlc_tensor image = dlc_tensor_of(pixels, DLC_F32, 4, shapes),
             output = dlc_tensor_of(result, DLC_F32, 2, result_shape);
  if (dlc_context_create(library->model, NULL, NULL, &own))
    return argument;
  for (int i = 0; i < 500; ++i)
    if (dlc_run(own, entry, &image, 1, &output, 1) || memcmp(result, probability, sizeof result))
      return argument;
  dlc_context_release(own);
  return NULL;
}

static int run_concurrently(void) {
  pthread_t threads[4];
  int failures = 0;
  for (int i = 0; i < 4; ++i)
    pthread_create(&threads[i], NULL, run_many, &failures);
  for (int i = 0; i < 4; ++i) {
    void *failure;
    pthread_join(threads[i], &failure);
    failures += failure != NULL;
  }
  return failures;
}

int main(int argc, char **argv) {
  dlc_error error = {0, ""};
  if (argc != 3)
    return 2;
  const char *name = argv[2];
  if (dlc_library_open(argv[1], NULL, &error, &library) || dlc_context_create(library->model, NULL, &error, &context)) {
    printf("%d %s\n", error.status, error.message);
    return 1;
  }
  entry = dlc_find_entry(library->model, "run");
  for (int i = 0; i < batch * 64; ++i)
    pixels[i] = (float)(i % 17) / 16;
  for (int i = 0; i < batch * 10 + 16; ++i)
    probability[i] = -1;

  dlc_tensor image = dlc_tensor_of(pixels, DLC_F32, 4, image_shape);
  dlc_tensor result = dlc_tensor_of(probability, DLC_F32, 2, probability_shape);
  uint32_t inputs = 1, outputs = 1;
  uint64_t capacities[2] = {sizeof(float) * batch * 64, sizeof(float) * batch * 10};
  int64_t strides[] = {64, 64, 1, 8}, compact[] = {64, 64, 8, 1};
  if (is_case(name, "count"))
    inputs = 0;
  else if (is_case(name, "type"))
    image.dtype.bits = 64;
  else if (is_case(name, "rank"))
    image.ndim = 5;
  else if (is_case(name, "shape"))
    image_shape[2] = 9;
  else if (is_case(name, "output-shape"))
    probability_shape[0] = batch - 1;
  else if (is_case(name, "negative"))
    image_shape[0] = -1;
  else if (is_case(name, "overflow"))
    image_shape[0] = INT64_MAX / 2;
  else if (is_case(name, "device"))
    image.device.type = DLC_DEVICE_CUDA;
  else if (is_case(name, "strides"))
    image.strides = strides;
  else if (is_case(name, "compact-strides"))
    image.strides = compact;
  else if (is_case(name, "null"))
    image.data = NULL;
  else if (is_case(name, "null-output"))
    result.data = NULL;
  else if (is_case(name, "misaligned"))
    image.byte_offset = 2;
  else if (is_case(name, "element-aligned"))
    result.data = probability + 1;
  else if (is_case(name, "too-small"))
    capacities[1] -= 4;
  else if (is_case(name, "overlap"))
    result.data = pixels + 60;
  else if (is_case(name, "empty"))
    image_shape[0] = probability_shape[0] = 0;

  int status = dlc_run_sized(context, entry, &image, inputs, &result, outputs, capacities);
  printf("%d %s\n", status, status ? dlc_context_message(context) : "");
  float sum = 0;
  for (int i = 0; i < batch * 10 + 16; ++i)
    sum += probability[i];
  printf("sum %.3f\n", sum);
  if (is_case(name, "allocations"))
    printf("allocations %d %d\n", count_allocations(1), count_allocations(2));
  if (is_case(name, "concurrent"))
    printf("failures %d\n", run_concurrently());
  dlc_context_release(context);
  dlc_library_close(library);
  return 0;
}
