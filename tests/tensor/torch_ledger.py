"""What PyTorch has and funcgrad has not, with the reason: chapters' names, separated by spaces."""

#: Names that another build or release of PyTorch has, or that are here on some machines only.
ONLY_SOMETIMES: set[str] = set()

GROUPS: dict[str, dict[str, str]] = {
    "TorchScript: there is nothing to compile, programs are Python": {
        "torch": """AliasDb AnyType Argument ArgumentSpec AwaitType Block BoolType CallStack Capsule ClassType Code
            CompilationUnit CompleteArgumentSpec ComplexType ConcreteModuleType ConcreteModuleTypeBuilder
            DeepCopyMemoTable DeserializationStorageContext DeviceObjType DictType EnumType ErrorReport ExecutionPlan
            FileCheck FloatType FunctionSchema Future FutureType Gradient Graph GraphExecutorState IODescriptor
            InferredType IntType InterfaceType JITException ListType LiteScriptModule LockingLogger LoggerBase Node
            NoneType NoopLogger NumberType OperatorInfo OptionalType PyObjectType RRefType ScriptClass
            ScriptClassFunction ScriptDict ScriptDictIterator ScriptDictKeyIterator ScriptFunction ScriptList
            ScriptListIterator ScriptMethod ScriptModule ScriptModuleSerializer ScriptObject ScriptObjectProperty
            StaticModule StreamObjType StringType TensorType TracingState TupleType Type UnionType Use Value fork
            import_ir_module import_ir_module_from_buffer merge_type_from_type_comment parse_ir parse_schema
            parse_type_comment unify_type_list wait AggregationType AVG SUM BenchmarkConfig BenchmarkExecutionStats
            ThroughputBenchmark FatalError classproperty prepare_multiprocessing_environment thread_safe_generator""",
    },
    "PyTorch's compiler and its symbolic sizes: calls are run as they come": {
        "torch": """SymBool SymBoolType SymFloat SymInt SymIntType compile sym_constrain_range
            sym_constrain_range_for_size sym_float sym_fresh_size sym_int sym_ite sym_max sym_min sym_not sym_sqrt
            sym_sum""",
    },
    "PyTorch's dispatcher and its build": {
        "torch": """DisableTorchFunction DisableTorchFunctionSubclass DispatchKey DispatchKeySet ExcludeDispatchKeyGuard
            PRIVATE_OPS Tag USE_GLOBAL_DEPS USE_RTLD_GLOBAL_WITH_LIBTORCH compiled_with_cxx11_abi get_file_path
            has_lapack has_mkl has_openmp has_spectral is_vulkan_available get_device_module hash_tensor""",
        "Tensor": "hash_tensor",
    },
    "storage without dtype or shape: untyped_storage() shows the memory, NumPy arrays share it": {
        "torch": """BFloat16Storage BFloat16Tensor BoolStorage ByteStorage CharStorage ComplexDoubleStorage
            ComplexFloatStorage DoubleStorage FloatStorage HalfStorage IntStorage LongStorage QInt32Storage QInt8Storage
            QUInt2x4Storage QUInt4x2Storage QUInt8Storage SerializationStorageContext ShortStorage Storage StorageBase
            TypedStorage UntypedStorage PyTorchFileReader PyTorchFileWriter from_file is_storage""",
        "Tensor": "storage storage_type module_load",
    },
    "quantized tensors: NumPy has no such dtypes": {
        "torch": """choose_qparams_optimized dequantize empty_quantized fake_quantize_per_channel_affine
            fake_quantize_per_tensor_affine fbgemm_linear_fp16_weight fbgemm_linear_fp16_weight_fp32_activation
            fbgemm_linear_int8_weight fbgemm_linear_int8_weight_fp32_activation fbgemm_linear_quantize_weight
            fbgemm_pack_gemm_matrix_fp16 fbgemm_pack_quantized_matrix fused_moving_avg_obs_fake_quant int_repr
            per_channel_affine per_channel_affine_float_qparams per_channel_symmetric per_tensor_affine
            per_tensor_symmetric q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale
            q_zero_point qint32 qint8 qscheme quantize_per_channel quantize_per_tensor quantize_per_tensor_dynamic
            quantized_batch_norm quantized_gru quantized_gru_cell quantized_lstm quantized_lstm_cell
            quantized_max_pool1d quantized_max_pool2d quantized_max_pool3d quantized_rnn_relu_cell
            quantized_rnn_tanh_cell quint2x4 quint4x2 quint8""",
        "Tensor": """dequantize int_repr q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale
            q_zero_point qscheme""",
    },
    "dtypes that NumPy has not": {
        "torch": """bit bits16 bits1x8 bits2x4 bits4x2 bits8 float4_e2m1fn_x2 float8_e4m3fn float8_e4m3fnuz float8_e5m2
            float8_e5m2fnuz float8_e8m0fnu int1 int2 int3 int4 int5 int6 int7 uint1 uint2 uint3 uint4 uint5 uint6
            uint7""",
        "Tensor": "chalf",
    },
    "sparse tensors: there are none": {
        "torch": """ccol_indices_copy col_indices_copy crow_indices_copy dsmm hsmm hspmm indices_copy resize_as_sparse_
            row_indices_copy saddmm smm sparse_bsc sparse_bsc_tensor sparse_bsr sparse_bsr_tensor
            sparse_compressed_tensor sparse_coo sparse_coo_tensor sparse_csc sparse_csc_tensor sparse_csr
            sparse_csr_tensor spmm sspaddmm values_copy jagged""",
        "Tensor": """ccol_indices coalesce col_indices crow_indices indices is_coalesced resize_as_sparse_ row_indices
            smm sparse_mask sparse_resize_ sparse_resize_and_clear_ sspaddmm to_padded_tensor to_sparse to_sparse_bsc
            to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr""",
    },
    "kernels of other libraries and devices: arrays are NumPy's or CuPy's": {
        "torch": """batch_norm_backward_elemt batch_norm_backward_reduce batch_norm_elemt batch_norm_gather_stats
            batch_norm_gather_stats_with_counts batch_norm_stats batch_norm_update_stats cudnn_affine_grid_generator
            cudnn_batch_norm cudnn_convolution cudnn_convolution_add_relu cudnn_convolution_relu
            cudnn_convolution_transpose cudnn_grid_sampler cudnn_is_acceptable miopen_batch_norm miopen_convolution
            miopen_convolution_add_relu miopen_convolution_relu miopen_convolution_transpose miopen_ctc_loss
            miopen_depthwise_convolution miopen_rnn mkldnn_adaptive_avg_pool2d mkldnn_convolution
            mkldnn_linear_backward_weights mkldnn_max_pool2d mkldnn_max_pool3d mkldnn_rnn_layer
            profiler_allow_cudagraph_cupti_lazy_reinit_cuda12 AcceleratorError OutOfMemoryError Event Stream""",
        "Tensor": "ipu mtia xpu to_mkldnn pin_memory record_stream share_memory_",
    },
    "inner forms of layers that return what only their backward pass reads: use the layer's own function": {
        "torch": """embedding_bag embedding_renorm_ gru lstm native_batch_norm native_channel_shuffle native_dropout
            native_group_norm native_layer_norm native_norm rnn_relu rnn_tanh""",
    },
    "mixed precision by autocast: cast with .to() or .half()": {
        "torch": """GradScaler autocast autocast_decrement_nesting autocast_increment_nesting clear_autocast_cache
            get_autocast_cpu_dtype get_autocast_dtype get_autocast_gpu_dtype get_autocast_ipu_dtype
            get_autocast_xla_dtype is_autocast_cache_enabled is_autocast_cpu_enabled is_autocast_enabled
            is_autocast_ipu_enabled is_autocast_xla_enabled set_autocast_cache_enabled set_autocast_cpu_dtype
            set_autocast_cpu_enabled set_autocast_dtype set_autocast_enabled set_autocast_gpu_dtype
            set_autocast_ipu_dtype set_autocast_ipu_enabled set_autocast_xla_dtype set_autocast_xla_enabled""",
    },
    "threads, denormal numbers and warnings of PyTorch's own kernels: NumPy's are set by its libraries' variables": {
        "torch": """get_deterministic_debug_mode get_num_interop_threads get_num_threads init_num_threads
            is_warn_always_enabled set_deterministic_debug_mode set_flush_denormal set_num_interop_threads
            set_num_threads set_warn_always""",
    },
    "distributed tensors: there are none": {"torch": "is_distributed", "Tensor": "is_distributed"},
    "removed from PyTorch: its functions only raise": {
        "torch": "eig lstsq matrix_rank solve symeig",
        "Tensor": "eig lstsq reinforce solve symeig volatile",
    },
    "without documentation in PyTorch": {
        "torch": "BufferDict slice_inverse",
        "Tensor": "index slice_inverse",
        "linalg": "common_notes",
        "fft": "Tensor common_args factory_common_args",
        "special": "Tensor common_args multi_dim_common",
    },
    "a class of nn by a second name: nn has it": {"torch": "ModuleDict ParameterDict"},
    "Bunch and Kaufman's packed form, without derivative in PyTorch too: use eigh or solve": {
        "linalg": "ldl_factor ldl_factor_ex ldl_solve",
    },
    "experimental in PyTorch: use scatter_reduce": {"torch": "segment_reduce"},
    "an iterative solver with many options: scipy.sparse.linalg.lobpcg, or eigh": {"torch": "lobpcg"},
    "layouts and memory formats: all tensors are strided": {
        "torch": """channels_last channels_last_3d contiguous_format layout legacy_contiguous_format memory_format
            preserve_format strided""",
        "Tensor": "layout",
    },
    "places in the graph that have another way here": {
        "torch": "is_inference set_anomaly_enabled",
        "Tensor": "grad_dtype name output_nr",
    },
}
ONLY_SOMETIMES |= {"is_inference", "layout", "name", "output_nr", "strided", "grad_dtype", "set_anomaly_enabled"}
