package io.sppostream.model;

import ai.djl.engine.EngineException;
import ai.djl.util.cuda.CudaUtils;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;

/** How much memory a device has. */
public final class DeviceMemory {
    private DeviceMemory() {}

    /**
     * Bytes of all memory of a device, used or not: for {@code cpu} that of the machine, or of the container.
     *
     * @return empty if the device does not tell
     */
    public static OptionalLong bytes(ModelSettings settings) {
        if (settings.isCpu()) {
            return ManagementFactory.getOperatingSystemMXBean()
                            instanceof com.sun.management.OperatingSystemMXBean system
                    ? OptionalLong.of(system.getTotalMemorySize())
                    : OptionalLong.empty();
        }
        return onGpu(settings, MemoryUsage::getMax);
    }

    /** Bytes of a GPU that are taken, by this process and others; empty for the CPU, and if the GPU does not tell. */
    public static OptionalLong usedBytes(ModelSettings settings) {
        return onGpu(settings, MemoryUsage::getUsed);
    }

    private static OptionalLong onGpu(ModelSettings settings, ToLongFunction<MemoryUsage> part) {
        try {
            return OptionalLong.of(part.applyAsLong(CudaUtils.getGpuMemory(settings.toDevice())));
        } catch (EngineException | IllegalArgumentException | IllegalStateException e) {
            return OptionalLong.empty(); // No CUDA here: the plan may be for another machine.
        }
    }
}
