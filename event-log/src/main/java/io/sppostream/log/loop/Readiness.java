package io.sppostream.log.loop;

/**
 * Whether something that a process needs is there.
 *
 * @param ready false if the process cannot do its work without it yet
 * @param detail its state in words, for people
 */
public record Readiness(boolean ready, String detail) {}
