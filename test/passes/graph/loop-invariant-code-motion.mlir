// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --dlc-loop-invariant-code-motion --split-input-file | FileCheck %s

// The product of the input runs over the rows of all steps, with the bias that alone uses it; the product of the state
// stays. The loop scans the result instead of the input.
// CHECK-LABEL: func.func @run
// CHECK: %[[FLAT:.*]] = dlc.reshape %arg0 {shape = array<i64: -1, 3>} : (tensor<5x?x3xf32>) -> tensor<?x3xf32>
// CHECK: %[[PRODUCT:.*]] = dlc.matmul %[[FLAT]]
// CHECK: %[[ALL:.*]] = dlc.reshape %[[PRODUCT]] {shape = array<i64: 5, -1, 4>}
// CHECK: %[[BIASED:.*]] = dlc.add %[[ALL]], %{{.*}} : (tensor<5x?x4xf32>, tensor<4xf32>) -> tensor<5x?x4xf32>
// CHECK: dlc.loop init(%arg1 : tensor<?x4xf32>) scan(%[[BIASED]] : tensor<5x?x4xf32>) -> tensor<?x4xf32> {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %[[H:.*]]: tensor<?x4xf32>, %[[ZX:.*]]: tensor<?x4xf32>):
// CHECK: dlc.matmul %[[H]]
// CHECK-NEXT: dlc.add %{{.*}}, %[[ZX]]
// CHECK-NEXT: dlc.next
func.func @run(%x: tensor<5x?x3xf32> {dlc.dims = [5, "N", 3]}, %h: tensor<?x4xf32> {dlc.dims = ["N", 4]}) -> tensor<?x4xf32> {
  %0 = dlc.loop init(%h : tensor<?x4xf32>) scan(%x : tensor<5x?x3xf32>) -> tensor<?x4xf32> {
  ^bb0(%step: tensor<i64>, %h_in: tensor<?x4xf32>, %x_in: tensor<?x3xf32>):
    %w = dlc.constant dense<0.5> : tensor<3x4xf32> : tensor<3x4xf32>
    %r = dlc.constant dense<0.5> : tensor<4x4xf32> : tensor<4x4xf32>
    %b = dlc.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> : tensor<4xf32>
    %zx = dlc.matmul %x_in, %w : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
    %zb = dlc.add %zx, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %zh = dlc.matmul %h_in, %r : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %s_in = dlc.add %zh, %zb : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    dlc.next %s_in : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}

// -----

// Rows of an embedding move with the product that reads them; a matrix known at run time is a capture. With two
// extents unknown the steps stay a dimension.
// CHECK-LABEL: func.func @run_embedded
// CHECK: %[[ROWS:.*]] = dlc.gather %{{.*}}, %arg0 {axis = 0 : i64} : (tensor<10x3xf32>, tensor<?x?xi64>) -> tensor<?x?x3xf32>
// CHECK: %[[ALL:.*]] = dlc.matmul %[[ROWS]], %arg2 : (tensor<?x?x3xf32>, tensor<3x4xf32>) -> tensor<?x?x4xf32>
// CHECK: dlc.loop init(%{{.*}}) scan(%[[ALL]] : tensor<?x?x4xf32>)
// CHECK-NOT: dlc.gather
func.func @run_embedded(%x: tensor<?x?xi64> {dlc.dims = ["T", "N"]}, %h: tensor<?x4xf32> {dlc.dims = ["N", 4]}, %w: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %0 = dlc.loop init(%h : tensor<?x4xf32>) scan(%x : tensor<?x?xi64>) -> tensor<?x4xf32> {
  ^bb0(%step: tensor<i64>, %h_in: tensor<?x4xf32>, %x_in: tensor<?xi64>):
    %table = dlc.constant dense<0.5> : tensor<10x3xf32> : tensor<10x3xf32>
    %e = dlc.gather %table, %x_in {axis = 0 : i64} : (tensor<10x3xf32>, tensor<?xi64>) -> tensor<?x3xf32>
    %zx = dlc.matmul %e, %w : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
    %s = dlc.add %h_in, %zx : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    dlc.next %s : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}

// -----

// What depends on the state or on the step stays, and so does what would save no work.
// CHECK-LABEL: func.func @run_stays
// CHECK-NEXT: dlc.loop
// CHECK: dlc.add
// CHECK: dlc.matmul
// CHECK: dlc.mul
func.func @run_stays(%x: tensor<5x2x2xf32>, %h: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = dlc.loop init(%h : tensor<2x2xf32>) scan(%x : tensor<5x2x2xf32>) -> tensor<2x2xf32> {
  ^bb0(%step: tensor<i64>, %h_in: tensor<2x2xf32>, %x_in: tensor<2x2xf32>):
    %r = dlc.constant dense<0.5> : tensor<2x2xf32> : tensor<2x2xf32>
    %s0 = dlc.add %h_in, %x_in : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %s1 = dlc.matmul %s0, %r : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %s2 = dlc.mul %x_in, %x_in : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %s3 = dlc.add %s1, %s2 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    dlc.next %s3 : tensor<2x2xf32>
  }
  return %0 : tensor<2x2xf32>
}

// -----

// What is the same in every step leaves all loops that it is the same in, with the bias that reads it. A product that is
// the same in the steps of an inner loop runs over all steps of the outer one. An elementwise op on a capture stays.
// CHECK-LABEL: func.func @run_invariant
// CHECK-NEXT: %[[P:.*]] = dlc.matmul %arg2, %arg3
// CHECK-NEXT: %[[B:.*]] = dlc.add %[[P]], %arg3
// CHECK-NEXT: dlc.reshape %arg0
// CHECK-NEXT: dlc.matmul %{{.*}}, %[[B]]
// CHECK-NEXT: %[[ALL:.*]] = dlc.reshape {{.*}} -> tensor<5x2x2xf32>
// CHECK-NEXT: dlc.loop init(%arg1 : tensor<2x2xf32>) scan(%[[ALL]] : tensor<5x2x2xf32>)
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<2x2xf32>, %[[Q:.*]]: tensor<2x2xf32>):
// CHECK-NEXT: dlc.loop
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %[[S:.*]]: tensor<2x2xf32>):
// CHECK-NEXT: %[[N:.*]] = dlc.neg %arg2
// CHECK-NEXT: dlc.mul %[[N]], %[[Q]]
func.func @run_invariant(%x: tensor<5x2x2xf32>, %h: tensor<2x2xf32>, %a: tensor<2x2xf32>, %b: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = dlc.loop init(%h : tensor<2x2xf32>) scan(%x : tensor<5x2x2xf32>) -> tensor<2x2xf32> {
  ^bb0(%step: tensor<i64>, %before: tensor<2x2xf32>, %slice: tensor<2x2xf32>):
    %1 = dlc.loop init(%before : tensor<2x2xf32>) scan() {trip_count = 3 : i64} -> tensor<2x2xf32> {
    ^bb0(%inner_step: tensor<i64>, %inner: tensor<2x2xf32>):
      %p = dlc.matmul %a, %b : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
      %q = dlc.add %p, %b : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
      %r = dlc.matmul %slice, %q : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
      %n = dlc.neg %a : tensor<2x2xf32> -> tensor<2x2xf32>
      %m = dlc.mul %n, %r : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
      %s = dlc.add %inner, %m : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
      dlc.next %s : tensor<2x2xf32>
    }
    dlc.next %1 : tensor<2x2xf32>
  }
  return %0 : tensor<2x2xf32>
}
