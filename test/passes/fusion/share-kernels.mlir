// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-share-kernels{slice-limit=2 number-limit=2 counter-limit=1},dlc-form-kernels))' | FileCheck %s

// Three steps of one sequence: kernels that take a number.
// CHECK-LABEL: func.func @steps
// CHECK: %[[ZERO:.*]] = dlc.constant dense<0> : tensor<1xi64> {dlc.as_input}
// CHECK: dlc.kernel {{.*}} (%arg0, %[[ZERO]] :
// CHECK: dlc.gather %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<?x3x4xf32>, tensor<1xi64>) -> tensor<?x1x4xf32>
// CHECK: %[[TWO:.*]] = dlc.constant dense<2> : tensor<1xi64> {dlc.as_input}
// CHECK: dlc.kernel {{.*}} (%arg0, %[[TWO]] :
func.func @steps(%x: tensor<?x3x4xf32>) -> (tensor<?x1x4xf32>, tensor<?x1x4xf32>, tensor<?x1x4xf32>) {
  %a = dlc.slice %x {starts = array<i64: 0, 0, 0>, sizes = array<i64: -1, 1, -1>, steps = array<i64: 1, 1, 1>} : (tensor<?x3x4xf32>) -> tensor<?x1x4xf32>
  %b = dlc.slice %x {starts = array<i64: 0, 1, 0>, sizes = array<i64: -1, 1, 4>, steps = array<i64: 1, 1, 1>} : (tensor<?x3x4xf32>) -> tensor<?x1x4xf32>
  %c = dlc.slice %x {starts = array<i64: 0, 2, 0>, sizes = array<i64: -1, 1, -1>, steps = array<i64: 1, 1, 1>} : (tensor<?x3x4xf32>) -> tensor<?x1x4xf32>
  return %a, %b, %c : tensor<?x1x4xf32>, tensor<?x1x4xf32>, tensor<?x1x4xf32>
}

// Few slices stay, and so do those that take two elements or cut two axes.
// CHECK-LABEL: func.func @few
// CHECK-COUNT-4: dlc.slice
func.func @few(%x: tensor<3x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<2x4xf32>, tensor<1x1xf32>) {
  %a = dlc.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<3x4xf32>) -> tensor<1x4xf32>
  %b = dlc.slice %x {starts = array<i64: 1, 0>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<3x4xf32>) -> tensor<1x4xf32>
  %c = dlc.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 2, 4>, steps = array<i64: 1, 1>} : (tensor<3x4xf32>) -> tensor<2x4xf32>
  %d = dlc.slice %x {starts = array<i64: 0, 1>, sizes = array<i64: 1, 1>, steps = array<i64: 1, 1>} : (tensor<3x4xf32>) -> tensor<1x1xf32>
  return %a, %b, %c, %d : tensor<1x4xf32>, tensor<1x4xf32>, tensor<2x4xf32>, tensor<1x1xf32>
}

// Three numbers: none is part of a kernel, but for the exponent.
// CHECK-LABEL: func.func @numbers
// CHECK-COUNT-3: dlc.constant dense<{{.*}}> : tensor<f32> {dlc.as_input}
// CHECK: dlc.kernel {{.*}} (%arg0, %{{.*}} : tensor<8xf32>, tensor<f32>)
// CHECK: dlc.kernel {{.*}} (%{{.*}} : tensor<8xf32>)
// CHECK: dlc.constant dense<5.0
// CHECK-NEXT: dlc.pow
func.func @numbers(%x: tensor<8xf32>) -> tensor<8xf32> {
  %2 = dlc.constant dense<2.0> : tensor<f32> : tensor<f32>
  %3 = dlc.constant dense<3.0> : tensor<f32> : tensor<f32>
  %4 = dlc.constant dense<4.0> : tensor<f32> : tensor<f32>
  %5 = dlc.constant dense<5.0> : tensor<f32> : tensor<f32>
  %a = dlc.mul %x, %2 : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %p = dlc.pow %a, %5 : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %b = dlc.add %p, %3 : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %c = dlc.sub %b, %4 : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %c : tensor<8xf32>
}

// Two counters of random numbers: the two kernels are the same.
// CHECK-LABEL: func.func @counters
// CHECK-COUNT-2: dlc.constant dense<{{7|9}}> : tensor<i64> {dlc.as_input}
// CHECK: dlc.kernel {{.*}} (%arg0, %{{.*}}, %arg1 : tensor<i64>, tensor<i64>, tensor<8xf32>)
// CHECK: dlc.kernel {{.*}} (%arg0, %{{.*}}, %arg1 : tensor<i64>, tensor<i64>, tensor<8xf32>)
func.func @counters(%seed: tensor<i64>, %like: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %7 = dlc.constant dense<7> : tensor<i64> : tensor<i64>
  %9 = dlc.constant dense<9> : tensor<i64> : tensor<i64>
  %a = dlc.random_uniform %seed, %7, %like : (tensor<i64>, tensor<i64>, tensor<8xf32>) -> tensor<8xf32>
  %b = dlc.random_uniform %seed, %9, %like : (tensor<i64>, tensor<i64>, tensor<8xf32>) -> tensor<8xf32>
  return %a, %b : tensor<8xf32>, tensor<8xf32>
}

// One counter is part of its kernel.
// CHECK-LABEL: func.func @counter
// CHECK: dlc.kernel {{.*}} (%arg0, %arg1 : tensor<i64>, tensor<8xf32>)
func.func @counter(%seed: tensor<i64>, %like: tensor<8xf32>) -> tensor<8xf32> {
  %7 = dlc.constant dense<7> : tensor<i64> : tensor<i64>
  %a = dlc.random_uniform %seed, %7, %like : (tensor<i64>, tensor<i64>, tensor<8xf32>) -> tensor<8xf32>
  return %a : tensor<8xf32>
}
