#include "sandbox/launcher/program.h"

int main(int argc, char** argv) { return gust::sandbox::launcher::run_program(argc, argv); }
