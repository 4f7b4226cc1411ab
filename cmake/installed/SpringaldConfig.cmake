# Part of the springald wheel: find_package(Springald CONFIG), for hosts of the C ABI.
#
#   execute_process(COMMAND ${Python_EXECUTABLE} -m springald config --cmake-dir
#     OUTPUT_VARIABLE Springald_DIR OUTPUT_STRIP_TRAILING_WHITESPACE)
#   find_package(Springald REQUIRED CONFIG)
#
# Defines two targets, which bring springald/abi.h and Arrow's arrow/c/abi.h:
#   Springald::runtime  everything; the host also links Python::Python
#   Springald::codec    the definitions, without Python
get_filename_component(springald_folder "${CMAKE_CURRENT_LIST_DIR}" DIRECTORY)
get_filename_component(springald_pyarrow "${springald_folder}/../pyarrow" ABSOLUTE)
if(NOT EXISTS "${springald_pyarrow}/include/arrow/c/abi.h")
  set(Springald_FOUND FALSE)
  set(Springald_NOT_FOUND_MESSAGE "springald finds the libraries of pyarrow beside its \
own folder, and ${springald_pyarrow} is not there: install both into one environment")
  return()
endif()

foreach(springald_target runtime=libspringald.so codec=libspringald_codec.so)
  string(REPLACE "=" ";" springald_target "${springald_target}")
  list(GET springald_target 0 springald_name)
  list(GET springald_target 1 springald_library)
  if(NOT TARGET Springald::${springald_name})
    add_library(Springald::${springald_name} SHARED IMPORTED)
    set_target_properties(Springald::${springald_name} PROPERTIES
      IMPORTED_LOCATION "${springald_folder}/${springald_library}"
      IMPORTED_SONAME "${springald_library}"
      INTERFACE_INCLUDE_DIRECTORIES
        "${springald_folder}/include;${springald_pyarrow}/include"
      # Not linked: only to let the linker find what the library itself needs.
      INTERFACE_LINK_OPTIONS "LINKER:-rpath-link,${springald_pyarrow}")
  endif()
endforeach()
unset(springald_target)
unset(springald_name)
unset(springald_library)
unset(springald_folder)
unset(springald_pyarrow)
