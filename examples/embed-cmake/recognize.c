/* SPDX-License-Identifier: Apache-2.0 */
/* Recognizes one handwritten digit with the network that CMake compiled into this program. */
#include "digits.h"

#include <stdio.h>

/* 8x8 pixels from 0 (paper) to 16 (ink); the network was trained on sixteenths. */
// clang-format off
static const unsigned char scan[64] = {
     0,  0,  1,  8, 10, 15, 11,  0,
     0,  2, 14, 15, 13, 16,  7,  0,
     0,  0,  6,  0,  6, 14,  2,  0,
     0,  0,  0,  3, 11, 12,  2,  0,
     0,  0,  2, 16, 16, 15,  8,  0,
     0,  0,  3, 13, 15,  2,  0,  0,
     0,  0,  0, 13, 10,  0,  0,  0,
     0,  0,  1, 16,  5,  0,  0,  0};
// clang-format on

int main(void) {
  float image[64], probability[10];
  for (int i = 0; i < 64; ++i)
    image[i] = scan[i] / 16.0f;

  dlc_error error;
  dlc_context *context;
  if (dlc_context_create(&dlc_model_digits, NULL, &error, &context)) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  if (digits_run(context, 1, image, probability)) {
    fprintf(stderr, "%s\n", dlc_context_message(context));
    return 1;
  }
  dlc_context_release(context);

  int digit = 0;
  for (int i = 1; i < 10; ++i)
    if (probability[i] > probability[digit])
      digit = i;
  printf("this is a %d (%.1f %%)\n", digit, 100 * probability[digit]);
  return 0;
}
