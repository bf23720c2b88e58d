// SPDX-License-Identifier: Apache-2.0

// A Go program with the digits network linked in. digits.h and libdigits.a come from dlc.
package main

/*
#cgo LDFLAGS: -ldigits -lm
#include "digits.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"unsafe"
)

const pixels, digits = 8 * 8, 10

// Network is a context of the network, which one goroutine at a time uses.
type Network struct {
	context *C.dlc_context
}

// NewNetwork creates a network that runs on so many threads. Release it by Close.
func NewNetwork(threads int) (*Network, error) {
	options := C.dlc_context_options{threads: C.dlc_uint32(threads)}
	options.struct_bytes = C.dlc_uint32(unsafe.Sizeof(options))
	var failure C.dlc_error
	network := new(Network)
	if C.dlc_context_create(&C.dlc_model_digits, &options, &failure, &network.context) != 0 {
		return nil, errors.New(C.GoString(&failure.message[0]))
	}
	return network, nil
}

// Close frees what the network holds.
func (network *Network) Close() {
	C.dlc_context_release(network.context)
	network.context = nil
}

// Run gives the probabilities of each image's digits.
func (network *Network) Run(images [][pixels]float32) ([][digits]float32, error) {
	probability := make([][digits]float32, len(images))
	if len(images) == 0 {
		return probability, nil
	}
	// Slices of Go's may be passed to C for the time of the call.
	if C.digits_run(network.context, C.int64_t(len(images)), (*C.float)(&images[0][0]),
		(*C.float)(&probability[0][0])) != 0 {
		return nil, errors.New(C.GoString(C.dlc_context_message(network.context)))
	}
	return probability, nil
}

// One image of the digits data set, 8x8 pixels from 0 to 16.
var image = [pixels]byte{
	0, 0, 7, 8, 13, 16, 15, 1,
	0, 0, 7, 7, 4, 11, 12, 0,
	0, 0, 0, 0, 8, 13, 1, 0,
	0, 4, 8, 8, 15, 15, 6, 0,
	0, 2, 11, 15, 15, 4, 0, 0,
	0, 0, 0, 16, 5, 0, 0, 0,
	0, 0, 9, 15, 1, 0, 0, 0,
	0, 0, 13, 5, 0, 0, 0, 0,
}

func recognize() error {
	network, err := NewNetwork(1)
	if err != nil {
		return err
	}
	defer network.Close()
	images := make([][pixels]float32, 1)
	for i, value := range image {
		images[0][i] = float32(value) / 16
	}
	results, err := network.Run(images)
	if err != nil {
		return err
	}
	for _, probability := range results {
		best := 0
		for digit := range probability {
			if probability[digit] > probability[best] {
				best = digit
			}
		}
		fmt.Printf("the image shows a %d (probability %.2f)\n", best, probability[best])
	}
	return nil
}

func main() {
	if err := recognize(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
