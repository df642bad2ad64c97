# conv1d_options(target): what all our own C++ is compiled with, and nobody else's.

function(conv1d_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  # -ffp-contract=off: a * b + c is rounded as it is written, on every compiler. Kernels ask for fused operations by name.
  # -Wno-psabi: GCC remarks that std::complex<float> was passed otherwise before GCC 4.4; nobody links with that.
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-psabi -ffp-contract=off)
  if(CONV1D_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CONV1D_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${CONV1D_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${CONV1D_SANITIZE})
  endif()
endfunction()
