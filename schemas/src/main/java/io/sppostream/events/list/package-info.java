/** Lists of numbers that decoded events hold in place of boxed values: a response may have thousands of tokens. */
@NullMarked
package io.sppostream.events.list;

import org.jspecify.annotations.NullMarked;
