// Tensors in files that other programs read: safetensors (state dictionaries, also PyTorch's) and NumPy's .npy.
//
//   nn::Sequential net(nn::Conv1d(1, 8, 5), nn::ReLU(), nn::Conv1d(8, 1, 1));
//   net.load_state_dict(io::load_safetensors("weights.safetensors"));
//
// Files are data from elsewhere: nothing that they say is believed before it was checked, against the file's true
// length too. RuntimeError, with the file's name in the text, where a file cannot be read or written; ValueError where
// what it holds is not what its format says, or is a kind of data that tensors do not have. A file that is being saved
// is written beside the old one and takes its place when it is complete: whoever reads it sees the old file or the
// new one, and an error leaves the old one.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <conv1d/tensor.h>

namespace conv1d::io {

/// Names and tensors in order; nn::StateDict, which Module::state_dict() gives and load_state_dict() takes.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;
/// What a safetensors file says about itself ("format": "pt"): any texts by name.
using Metadata = std::map<std::string, std::string>;

/// All tensors of a file, in the order of its header. New memory, contiguous; no gradients.
///
/// Element types BOOL, U8, I8, I16, I32, I64, F16, BF16, F32 and F64
/// are read; ValueError names a tensor of another.
NamedTensors load_safetensors(const std::string& path);
/// What the file says about itself; empty where it says nothing. Reads the header alone.
Metadata load_safetensors_metadata(const std::string& path);

/// Writes the tensors' values, in any layout, under their names. ValueError for names that occur twice, for
/// "__metadata__", for names and texts that are not UTF-8, and for complex tensors, which the format does not have;
/// NotImplementedError for meta tensors, which have no values.
void save_safetensors(const NamedTensors& tensors, const std::string& path, const Metadata& metadata = {});

/// One array, of NumPy's element types that are tensors' too, in either byte order; new memory, contiguous (an array in
/// Fortran order is turned). Python objects and structures are refused: they could run code.
Tensor load_npy(const std::string& path);
/// NumPy has no bfloat16: ValueError. NotImplementedError for meta tensors.
void save_npy(const Tensor& tensor, const std::string& path);

}  // namespace conv1d::io
