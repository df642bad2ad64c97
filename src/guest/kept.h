// What all layers of guests keep together, and its bound.
#pragma once

#include <cstddef>

#include <conv1d/guest.h>

namespace conv1d::guest {

/// Who keeps memory and can give it back.
class Keeper {
 public:
  virtual ~Keeper() = default;
  virtual void give_back() = 0;
};

/// A keeper's account. While it is open set_kept_memory() may call keeper->give_back(), on any thread: it is opened
/// after and closed before everything else that the keeper has.
class KeptAccount {
 public:
  KeptAccount(Keeper* keeper, std::size_t weight_bytes);
  ~KeptAccount();
  KeptAccount(const KeptAccount&) = delete;
  KeptAccount& operator=(const KeptAccount&) = delete;

  /// True where `bytes` more may be kept: then they are counted.
  static bool reserve(std::size_t bytes);
  static void release(std::size_t bytes);

 private:
  Keeper* keeper_;
  std::size_t weight_bytes_;
};

}  // namespace conv1d::guest
