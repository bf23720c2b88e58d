/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of test_custom_ops.py. */
#include "dlc/custom_op.h"

typedef struct {
  const float *x;
  float *y;
  float factor;
} Scaling;

static int32_t scale_part(const dlc_op_call *call, void *data, int64_t begin, int64_t end) {
  const Scaling *s = (const Scaling *)data;
  for (int64_t i = begin; i < end; ++i) {
    if (s->x[i] != s->x[i])
      return call->fail(call, 7, "x is not a number");
    s->y[i] = s->x[i] * s->factor;
  }
  return 0;
}

/* x -> x * factor, on all threads; not a number is an error. */
int32_t scale(const dlc_op_call *call) {
  Scaling s = {(const float *)call->inputs[0].data, (float *)call->outputs[0].data,
               (float)dlc_op_real(call, "factor", 2)};
  return call->parallel_for(call, scale_part, &s, dlc_op_elements(&call->inputs[0]), 64);
}

/* x, y, dy -> dy * factor. */
int32_t scale_gradient(const dlc_op_call *call) {
  const float *dy = (const float *)call->inputs[2].data;
  float *dx = (float *)call->outputs[0].data, factor = (float)dlc_op_real(call, "factor", 2);
  for (int64_t i = 0; i < dlc_op_elements(&call->inputs[0]); ++i)
    dx[i] = dy[i] * factor;
  return 0;
}

/* x[N, C] -> the least [N] and its position [N], and the mean of all; -1 where there is none. */
int32_t least(const dlc_op_call *call) {
  const dlc_op_tensor *x = &call->inputs[0];
  double sum = 0;
  for (int64_t n = 0; n < x->shape[0]; ++n) {
    const float *row = (const float *)x->data + n * x->strides[0];
    int64_t best = x->shape[1] ? 0 : -1;
    for (int64_t c = 0; c < x->shape[1]; ++c) {
      sum += row[c * x->strides[1]];
      if (row[c] < row[best])
        best = c;
    }
    ((float *)call->outputs[0].data)[n] = best < 0 ? 0 : row[best];
    ((int64_t *)call->outputs[1].data)[n] = best;
  }
  int64_t count = dlc_op_elements(x);
  *(double *)call->outputs[2].data = count ? sum / (double)count : -1;
  return 0;
}

/* x[N, T] -> sums of `size` neighbours [N, T - size + 1], by running sums in scratch memory. */
int32_t windows(const dlc_op_call *call) {
  const dlc_op_tensor *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t size = dlc_op_integer(call, "size", 0);
  double *sums = (double *)call->allocate(call, (uint64_t)(x->shape[1] + 1) * sizeof(double));
  if (!sums)
    return call->fail(call, 1, "no memory");
  for (int64_t n = 0; n < x->shape[0]; ++n) {
    sums[0] = 0;
    for (int64_t t = 0; t < x->shape[1]; ++t)
      sums[t + 1] = sums[t] + ((const float *)x->data)[n * x->shape[1] + t];
    for (int64_t t = 0; t < y->shape[1]; ++t)
      ((float *)y->data)[n * y->shape[1] + t] = (float)(sums[t + size] - sums[t]);
  }
  return 0;
}

/* Rounds towards zero and takes denormal numbers as 0 from now on, as functions of other libraries may do. */
static void upset_mode(void) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0xe040u);
#else
  __asm__ volatile("msr fpcr, %0" : : "r"(0x1c00000ull));
#endif
}

static int32_t upset_part(const dlc_op_call *call, void *data, int64_t begin, int64_t end) {
  (void)data;
  for (int64_t i = begin; i < end; ++i)
    ((float *)call->outputs[0].data)[i] = ((const float *)call->inputs[0].data)[i];
  upset_mode();
  return 0;
}

/* x -> x, and another floating-point mode: of all threads if `parts`, else of the calling one. */
int32_t upset(const dlc_op_call *call) {
  int64_t count = dlc_op_elements(&call->inputs[0]);
  return dlc_op_integer(call, "parts", 0) ? call->parallel_for(call, upset_part, 0, count, 16)
                                          : upset_part(call, 0, 0, count);
}

/* x[N] -> how many are above 0. */
int32_t count_positive(const dlc_op_call *call) {
  int64_t count = 0;
  for (int64_t i = 0; i < call->inputs[0].shape[0]; ++i)
    count += ((const float *)call->inputs[0].data)[i] > 0;
  *(int64_t *)call->outputs[0].data = count;
  return 0;
}

/* x[N] -> those above 0, [K]. */
int32_t positive(const dlc_op_call *call) {
  int64_t k = 0;
  for (int64_t i = 0; i < call->inputs[0].shape[0]; ++i)
    if (((const float *)call->inputs[0].data)[i] > 0) {
      if (k == call->outputs[0].shape[0])
        return call->fail(call, 2, "more than were counted");
      ((float *)call->outputs[0].data)[k++] = ((const float *)call->inputs[0].data)[i];
    }
  return k != call->outputs[0].shape[0];
}

/* x[N, C], w[C] -> x * w and x + w. */
int32_t product_and_sum(const dlc_op_call *call) {
  const float *x = (const float *)call->inputs[0].data, *w = (const float *)call->inputs[1].data;
  int64_t columns = call->inputs[1].shape[0];
  for (int64_t i = 0; i < dlc_op_elements(&call->inputs[0]); ++i) {
    ((float *)call->outputs[0].data)[i] = x[i] * w[i % columns];
    ((float *)call->outputs[1].data)[i] = x[i] + w[i % columns];
  }
  return 0;
}

/* x, w, product, sum and the gradients of both -> those of x and w. */
int32_t product_and_sum_gradient(const dlc_op_call *call) {
  const float *x = (const float *)call->inputs[0].data, *w = (const float *)call->inputs[1].data,
              *dp = (const float *)call->inputs[4].data, *ds = (const float *)call->inputs[5].data;
  float *dx = (float *)call->outputs[0].data, *dw = (float *)call->outputs[1].data;
  int64_t columns = call->inputs[1].shape[0];
  for (int64_t c = 0; c < columns; ++c)
    dw[c] = 0;
  for (int64_t i = 0; i < dlc_op_elements(&call->inputs[0]); ++i) {
    dx[i] = dp[i] * w[i % columns] + ds[i];
    dw[i % columns] += dp[i] * x[i] + ds[i];
  }
  return 0;
}

static int64_t ticks;

/* Counts its calls, and gives their number. */
int32_t tick(const dlc_op_call *call) {
  *(int64_t *)call->outputs[0].data = ++ticks;
  return 0;
}

/* x -> what the attributes are: kinds, lengths and values. */
int32_t show_attributes(const dlc_op_call *call) {
  double *y = (double *)call->outputs[0].data;
  const dlc_op_attribute *list = dlc_op_find(call, "list", DLC_OP_INTEGERS),
                         *reals = dlc_op_find(call, "reals", DLC_OP_REALS),
                         *names = dlc_op_find(call, "names", DLC_OP_STRINGS);
  if (!list || !reals || !names || dlc_op_find(call, "no such", DLC_OP_INTEGERS))
    return 1;
  y[0] = call->attribute_count;
  y[1] = (double)list->count;
  y[2] = (double)((const int64_t *)list->values)[2];
  y[3] = ((const double *)reals->values)[1];
  y[4] = (double)names->count;
  y[5] = ((const char *const *)names->values)[1][0];
  y[6] = dlc_op_real(call, "alpha", 0);
  y[7] = dlc_op_string(call, "mode", "?")[0];
  y[8] = list->is_list && !dlc_op_find(call, "alpha", DLC_OP_REALS)->is_list;
  y[9] = DLC_HAS(dlc_op_call, call, fail);
  y[10] = call->inputs[0].element_type == DLC_F16 && call->outputs[0].element_type == DLC_F64;
  return 0;
}
