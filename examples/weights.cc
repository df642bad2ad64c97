// Weights from elsewhere: what PyTorch's safetensors.torch.save_file(model.state_dict(), path), or conv1d.io in Python,
// saved becomes the weights of layers here.
//
//   weights                 saves a file of its own and loads it
//   weights FILE INPUT.npy  loads FILE into the upsampler below, and prints what it makes of INPUT
#include <filesystem>
#include <iostream>
#include <string>

#include <conv1d/conv1d.h>

namespace nn = conv1d::nn;
namespace io = conv1d::io;

namespace {

nn::Sequential upsampler() {
  return nn::Sequential(nn::Conv1d(2, 8, 5, {.padding = "same"}), nn::ReLU(),
                        nn::ConvTranspose1d(8, 2, 4, {.stride = 2, .padding = 1}));
}

}  // namespace

int main(int count, char** arguments) try {
  if (count == 3) {
    nn::Sequential net = upsampler();
    net.load_state_dict(io::load_safetensors(arguments[1]));
    std::cout << net(io::load_npy(arguments[2])) << '\n';
    return 0;
  }
  conv1d::manual_seed(42);
  const std::string path = (std::filesystem::temp_directory_path() / "conv1d-example.safetensors").string();
  const nn::Sequential trained = upsampler();
  io::save_safetensors(trained.state_dict(), path, {{"format", "pt"}});

  nn::Sequential net = upsampler();
  net.load_state_dict(io::load_safetensors(path));
  std::cout << net << '\n' << net(conv1d::ones({1, 2, 3})) << '\n';
  std::filesystem::remove(path);
} catch (const conv1d::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
