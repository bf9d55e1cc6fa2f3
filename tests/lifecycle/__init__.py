"""The whole way: program, engine, plugin process, SDKs, emulator."""
