@NullMarked
package io.sppostream;

import org.jspecify.annotations.NullMarked;
