// SPDX-License-Identifier: Apache-2.0
// A C program with the digits network linked in. digits.h and digits.o come from dlc.
#include "digits.h"

#include <stdio.h>

// One image of the digits data set, 8x8 pixels from 0 to 16.
static const unsigned char image[64] = {
    0, 0, 7,  8,  13, 16, 15, 1, //
    0, 0, 7,  7,  4,  11, 12, 0, //
    0, 0, 0,  0,  8,  13, 1,  0, //
    0, 4, 8,  8,  15, 15, 6,  0, //
    0, 2, 11, 15, 15, 4,  0,  0, //
    0, 0, 0,  16, 5,  0,  0,  0, //
    0, 0, 9,  15, 1,  0,  0,  0, //
    0, 0, 13, 5,  0,  0,  0,  0, //
};

int main(void) {
  dlc_error error;
  dlc_context *context;
  if (dlc_context_create(&dlc_model_digits, NULL, &error, &context)) {
    fprintf(stderr, "error: %s\n", error.message);
    return 1;
  }

  float pixels[64], probability[10];
  for (int i = 0; i < 64; ++i)
    pixels[i] = (float)image[i] / 16;
  if (digits_run(context, 1, pixels, probability)) {
    fprintf(stderr, "error: %s\n", dlc_context_message(context));
    return 1;
  }

  int best = 0;
  for (int digit = 1; digit < 10; ++digit)
    if (probability[digit] > probability[best])
      best = digit;
  printf("the image shows a %d (probability %.2f)\n", best, probability[best]);
  dlc_context_release(context);
  return 0;
}
