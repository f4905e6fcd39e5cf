@NullMarked
package io.sppostream.model;

import org.jspecify.annotations.NullMarked;
