/* SPDX-License-Identifier: Apache-2.0 */
/* Soft thresholding, y = sign(x) * max(|x| - t, 0), with a threshold for each column, and its gradient. */
#include "dlc/custom_op.h"

/* x[N, C], t[C] -> y[N, C] */
int32_t shrink(const dlc_op_call *call) {
  const dlc_op_tensor *x = &call->inputs[0], *t = &call->inputs[1], *y = &call->outputs[0];
  const float *from = (const float *)x->data, *threshold = (const float *)t->data;
  float *to = (float *)y->data;
  int64_t columns = t->shape[0], c;
  for (c = 0; c < columns; ++c)
    if (threshold[c] < 0)
      return call->fail(call, 1, "a threshold is negative");
  for (int64_t i = 0; i < dlc_op_elements(x); ++i) {
    float value = from[i], limit = threshold[i % columns];
    to[i] = value > limit ? value - limit : value < -limit ? value + limit : 0;
  }
  return 0;
}

/* x, t, y and the gradient of y -> the gradients of x and t */
int32_t shrink_gradient(const dlc_op_call *call) {
  const dlc_op_tensor *x = &call->inputs[0], *t = &call->inputs[1];
  const float *y = (const float *)call->inputs[2].data, *dy = (const float *)call->inputs[3].data;
  float *dx = (float *)call->outputs[0].data, *dt = (float *)call->outputs[1].data;
  int64_t columns = t->shape[0];
  for (int64_t c = 0; c < columns; ++c)
    dt[c] = 0;
  for (int64_t i = 0; i < dlc_op_elements(x); ++i) {
    dx[i] = y[i] != 0 ? dy[i] : 0;
    dt[i % columns] -= y[i] > 0 ? dy[i] : y[i] < 0 ? -dy[i] : 0;
  }
  return 0;
}
