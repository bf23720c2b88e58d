// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: @choose
// CHECK-SAME: %[[C:.*]]: tensor<i1>, %[[X:[a-z0-9]+]]: tensor<?x8xf32>
// CHECK: %[[R:.*]]:2 = dlc.if %[[C]] : tensor<i1> -> tensor<?x8xf32>, tensor<i64> {
// CHECK-NEXT: dlc.tanh %[[X]]
// CHECK: dlc.end_if %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<i64>
// CHECK-NEXT: } else {
// CHECK: dlc.end_if %[[X]], %{{.*}} : tensor<?x8xf32>, tensor<i64>
func.func @choose(%c: tensor<i1>, %x: tensor<?x8xf32> {dlc.dims = ["N", 8]}, %n: tensor<i64>) -> (tensor<?x8xf32>, tensor<i64>) {
  %0, %1 = dlc.if %c : tensor<i1> -> tensor<?x8xf32>, tensor<i64> {
    %t = dlc.tanh %x : tensor<?x8xf32> -> tensor<?x8xf32>
    %m = dlc.add %n, %n : (tensor<i64>, tensor<i64>) -> tensor<i64>
    dlc.end_if %t, %m : tensor<?x8xf32>, tensor<i64>
  } else {
    dlc.end_if %x, %n : tensor<?x8xf32>, tensor<i64>
  }
  return %0, %1 : tensor<?x8xf32>, tensor<i64>
}

// A loop of as many steps as a value says.
// CHECK-LABEL: @limited
// CHECK: dlc.loop init(%{{.*}} : tensor<8xf32>) scan() limit(%{{.*}} : tensor<i64>) {trip_count = 9223372036854775807 : i64} -> tensor<8xf32>, tensor<i64> {
func.func @limited(%n: tensor<i64>, %x: tensor<8xf32>) -> (tensor<8xf32>, tensor<i64>) {
  %0, %1 = dlc.loop init(%x : tensor<8xf32>) scan() limit(%n : tensor<i64>) {trip_count = 9223372036854775807 : i64} -> tensor<8xf32>, tensor<i64> {
  ^bb0(%step: tensor<i64>, %before: tensor<8xf32>):
    %after = dlc.tanh %before : tensor<8xf32> -> tensor<8xf32>
    dlc.next %after : tensor<8xf32>
  }
  return %0, %1 : tensor<8xf32>, tensor<i64>
}

func.func private @fast(%x: tensor<8xf32>) -> tensor<8xf32> {
  return %x : tensor<8xf32>
}
func.func private @slow(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = dlc.tanh %x : tensor<8xf32> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
// CHECK-LABEL: @outlined
// CHECK: dlc.outlined_if %{{.*}} @fast @slow captures(%{{.*}} : tensor<8xf32>) : tensor<i1> -> tensor<8xf32>
func.func @outlined(%c: tensor<i1>, %x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = dlc.outlined_if %c @fast @slow captures(%x : tensor<8xf32>) : tensor<i1> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
