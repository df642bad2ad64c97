# Sourced by the scripts beside it.
cmake_is_new() {  # CMake 3.25 or later, as CMakeLists.txt asks
  command -v cmake >/dev/null && cmake --version | awk 'NR == 1 { split($3, v, "."); exit !(v[1] > 3 || (v[1] == 3 && v[2] >= 25)) } END { if (!NR) exit 1 }'
}
